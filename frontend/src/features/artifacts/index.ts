/** Artifacts: the panel beside the chat. */
export { ArtifactPanel, type ArtifactPanelProps } from './components/artifact-panel';
export type { LiveArtifact } from './model/artifact';
export { artifactKeys, conversationArtifacts } from './queries';
