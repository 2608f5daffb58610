/**
 * Makes an artifact ready for the frame: compiles, draws or cleans it, as its kind asks.
 */
import type { FrameKind } from '../../../sandbox/protocol';
import { compileReact } from './compile';
import { reactLibraries } from './libraries';

/** What can be previewed. */
export type SandboxKind = 'html' | 'svg' | 'react' | 'mermaid';

/** What the frame is given. */
export interface Prepared {
  kind: FrameKind;
  source: string;
  runtime: string[];
}

/** Prepares one source; throws what is wrong with it. */
export async function prepare(kind: SandboxKind, source: string): Promise<Prepared> {
  switch (kind) {
    case 'html':
      return { kind: 'html', source, runtime: [] };
    case 'svg': {
      const { sanitiseSvg } = await import('@/lib/markdown/svg');
      const clean = sanitiseSvg(source);
      if (!/<svg[\s>]/i.test(clean)) throw new Error('This is not an SVG picture.');
      return { kind: 'svg', source: clean, runtime: [] };
    }
    case 'mermaid': {
      const { renderMermaid } = await import('@/lib/markdown/mermaid-render');
      return { kind: 'svg', source: await renderMermaid(source), runtime: [] };
    }
    case 'react': {
      const [code, libraries] = await Promise.all([compileReact(source), reactLibraries()]);
      return { kind: 'react', source: code, runtime: [libraries] };
    }
  }
}
