/** Artifacts: the panel beside the chat and the chip inside a message. */
export { ArtifactChip } from './components/artifact-chip';
export { ArtifactPanel, type ArtifactPanelProps } from './components/artifact-panel';
export type { LiveArtifact } from './model/artifact';
export { artifactKeys, conversationArtifacts } from './queries';
