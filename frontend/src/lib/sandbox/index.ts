/** The sealed frame for artifacts. */
export type { SandboxKind } from './prepare';
export { SandboxFrame } from './sandbox-frame';
export type { SandboxProblem } from './use-sandbox';
