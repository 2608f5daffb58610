/** Markdown for messages, documents and previews. */
export { CodeBlock, CopyButton } from './code-block';
export { parseFence } from './fence';
export { Markdown } from './markdown';
export type { RenderArtifact } from './to-jsx';
