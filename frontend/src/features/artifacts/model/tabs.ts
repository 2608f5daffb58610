/** The artifacts of a conversation as tabs: what is stored, overlaid by what is being written. */
import type { Artifact, ArtifactType } from '@/api/types';
import type { LiveArtifact } from './artifact';

/** One artifact, whatever its versions. */
export interface Tab {
  identifier: string;
  title: string;
  type: ArtifactType;
  language?: string | null;
  /** The newest stored version, if there is one. */
  latest?: Artifact;
  /** The version being written. */
  live?: LiveArtifact;
}

/** Tabs in the order in which the artifacts appeared. */
export function mergeTabs(stored: Artifact[], live: LiveArtifact[]): Tab[] {
  const tabs = new Map<string, Tab>();
  for (const latest of [...stored].sort((a, b) => a.created_at.localeCompare(b.created_at))) {
    const { identifier, title, type, language } = latest;
    tabs.set(identifier, { identifier, title, type, language, latest });
  }
  for (const artifact of live) {
    const known = tabs.get(artifact.identifier);
    // Once the store has this version, the stored one is the truth.
    if (known?.latest && known.latest.version >= artifact.version) continue;
    tabs.set(artifact.identifier, {
      identifier: artifact.identifier,
      title: artifact.title,
      type: artifact.artifact_type,
      language: artifact.language,
      latest: known?.latest,
      live: artifact,
    });
  }
  return [...tabs.values()];
}

/** The tab that holds a version by its id, wherever that is known. */
export function findTab(
  tabs: Tab[],
  artifactId: string | null | undefined,
  identifier?: string | undefined,
): Tab | undefined {
  return (
    tabs.find((tab) => tab.latest?.id === artifactId || tab.live?.artifact_id === artifactId) ??
    tabs.find((tab) => tab.identifier === identifier)
  );
}
