/** What an artifact is called, which file it becomes, and how it may be looked at. */
import type { ArtifactType } from '@/api/types';

/** An artifact that a run is writing at this moment. */
export interface LiveArtifact {
  artifact_id: string;
  identifier: string;
  version: number;
  artifact_type: ArtifactType;
  title: string;
  language?: string | null;
  text: string;
  done: boolean;
}

/** Whether it can be shown as something else than its source. */
export function hasPreview(type: ArtifactType): boolean {
  return type !== 'code';
}

/** The name that colouring and editing know its source by. */
export function sourceLanguage(type: ArtifactType, language: string | null | undefined): string {
  switch (type) {
    case 'html':
      return 'html';
    case 'svg':
      return 'xml';
    case 'react':
      return 'tsx';
    case 'mermaid':
      return 'mermaid';
    case 'text':
      return 'markdown';
    case 'code':
      return language ?? '';
  }
}

const EXTENSIONS: Record<string, string> = {
  bash: 'sh',
  c: 'c',
  cpp: 'cpp',
  csharp: 'cs',
  css: 'css',
  csv: 'csv',
  dockerfile: 'dockerfile',
  go: 'go',
  html: 'html',
  java: 'java',
  javascript: 'js',
  js: 'js',
  json: 'json',
  jsx: 'jsx',
  kotlin: 'kt',
  markdown: 'md',
  mermaid: 'mmd',
  php: 'php',
  py: 'py',
  python: 'py',
  ruby: 'rb',
  rust: 'rs',
  shell: 'sh',
  sql: 'sql',
  swift: 'swift',
  toml: 'toml',
  ts: 'ts',
  tsx: 'tsx',
  typescript: 'ts',
  xml: 'xml',
  yaml: 'yaml',
};

/** A file name without anything a file system could mind. */
export function fileName(title: string, type: ArtifactType, language: string | null | undefined): string {
  const base =
    title
      .normalize('NFKD')
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-+|-+$/g, '')
      .toLowerCase()
      .slice(0, 80) || 'artifact';
  const extension =
    type === 'svg' ? 'svg' : (EXTENSIONS[sourceLanguage(type, language).toLowerCase()] ?? 'txt');
  return `${base}.${extension}`;
}

/** Where one artifact can be found again. */
export function permalink(conversationId: string, artifactId: string): string {
  return `${window.location.origin}/c/${conversationId}?artifact=${artifactId}`;
}
