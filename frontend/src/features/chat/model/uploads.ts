/** Files on their way to the server: progress, removal, failure. */
import { type AnswerOf, upload } from '@/api/client';
import { describe } from '@/api/problem';
import type { FileRef } from '@/api/types';

export interface Upload {
  key: string;
  name: string;
  mime: string;
  size: number;
  /** A local preview for images. */
  preview: string | null;
  progress: number;
  error: string | null;
  file: FileRef | null;
  cancel: () => void;
}

const IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

export function isImage(mime: string): boolean {
  return IMAGES.has(mime);
}

/** Starts an upload and reports each change of it. */
export function startUpload(file: File, onChange: (key: string, change: Partial<Upload>) => void): Upload {
  const key = crypto.randomUUID();
  const closer = new AbortController();
  upload<AnswerOf<'post', '/api/files'>>(
    '/api/files',
    file,
    (progress) => onChange(key, { progress }),
    closer.signal,
  ).then(
    (stored) => onChange(key, { progress: 1, file: stored }),
    (error: unknown) => {
      if (!closer.signal.aborted) onChange(key, { error: describe(error) });
    },
  );
  return {
    key,
    name: file.name || 'image.png',
    mime: file.type,
    size: file.size,
    preview: isImage(file.type) ? URL.createObjectURL(file) : null,
    progress: 0,
    error: null,
    file: null,
    cancel: () => closer.abort(),
  };
}
