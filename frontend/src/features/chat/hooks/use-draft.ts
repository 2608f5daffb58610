/** The composer's text and files: kept per conversation over navigation, reload and crash. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { FileRef } from '@/api/types';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { loadDraft, saveDraft } from '../model/drafts';
import { isImage, startUpload, type Upload } from '../model/uploads';

/** A pasted text longer than this becomes a file. */
const LONG_PASTE = 10_000;
const LARGEST = 25_000_000;

function restored(where: string): Upload[] {
  return loadDraft(where).files.map((file) => ({
    key: file.id,
    name: file.name,
    mime: file.mime_type,
    size: file.size_bytes,
    preview: isImage(file.mime_type) ? file.url : null,
    progress: 1,
    error: null,
    file,
    cancel: () => {},
  }));
}

export interface DraftHandle {
  text: string;
  setText: (text: string) => void;
  uploads: Upload[];
  addFiles: (files: Iterable<File>) => void;
  remove: (key: string) => void;
  retry: (key: string) => void;
  /** What is there to send, leaving nothing: a second call in the same moment gets nothing. */
  take: () => { text: string; files: FileRef[] } | null;
  /** Puts back what a failed message held. */
  restore: (text: string, files: Upload['file'][]) => void;
  pasted: (text: string) => boolean;
}

export function useDraft(where: string): DraftHandle {
  const [text, setTextState] = useState(() => loadDraft(where).text);
  const [uploads, setUploads] = useState<Upload[]>(() => restored(where));
  const files = useRef(new Map<string, File>());
  const latest = useRef({ where, text, uploads });

  const save = useCallback(() => {
    const now = latest.current;
    saveDraft(now.where, {
      text: now.text,
      files: now.uploads.flatMap((upload) => (upload.file ? [upload.file] : [])),
    });
  }, []);

  const [shown, setShown] = useState(where);
  if (shown !== where) {
    // Another conversation: its own draft, at once.
    save();
    setShown(where);
    setTextState(loadDraft(where).text);
    setUploads(restored(where));
  } else latest.current = { where, text, uploads };

  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of the draft is saved
  useEffect(() => {
    const timer = setTimeout(save, 200);
    return () => clearTimeout(timer);
  }, [text, uploads, save]);

  useEffect(() => {
    window.addEventListener('pagehide', save);
    return () => {
      window.removeEventListener('pagehide', save);
      save();
    };
  }, [save]);

  const changeUpload = useCallback((key: string, with_: Partial<Upload>) => {
    setUploads((now) => now.map((upload) => (upload.key === key ? { ...upload, ...with_ } : upload)));
  }, []);

  const addFiles = useCallback(
    (added: Iterable<File>) => {
      for (const file of added) {
        if (file.size > LARGEST) {
          toast.error(t('{{name}} is larger than 25 MB.', { name: file.name }));
          continue;
        }
        const upload = startUpload(file, changeUpload);
        files.current.set(upload.key, file);
        setUploads((now) => [...now, upload]);
      }
    },
    [changeUpload],
  );

  const remove = useCallback((key: string) => {
    setUploads((now) => {
      const gone = now.find((upload) => upload.key === key);
      gone?.cancel();
      if (gone?.preview?.startsWith('blob:')) URL.revokeObjectURL(gone.preview);
      return now.filter((upload) => upload.key !== key);
    });
    files.current.delete(key);
  }, []);

  return {
    text,
    setText: setTextState,
    uploads,
    addFiles,
    remove,
    retry: (key) => {
      const file = files.current.get(key);
      remove(key);
      if (file) addFiles([file]);
    },
    take: () => {
      const now = latest.current;
      const files = now.uploads.flatMap((upload) => (upload.file ? [upload.file] : []));
      if (now.text.trim() === '' && files.length === 0) return null;
      latest.current = { where, text: '', uploads: [] };
      setTextState('');
      setUploads([]);
      saveDraft(where, { text: '', files: [] });
      return { text: now.text.trim(), files };
    },
    restore: (back, refs) => {
      setTextState((now) => (now.trim() ? `${back}\n\n${now}` : back));
      const again = refs.flatMap((file) => (file ? [file] : []));
      setUploads((now) => [
        ...again.map((file) => ({
          key: file.id,
          name: file.name,
          mime: file.mime_type,
          size: file.size_bytes,
          preview: isImage(file.mime_type) ? file.url : null,
          progress: 1,
          error: null,
          file,
          cancel: () => {},
        })),
        ...now,
      ]);
    },
    pasted: (words) => {
      if (words.length < LONG_PASTE) return false;
      addFiles([new File([words], 'pasted-text.txt', { type: 'text/plain' })]);
      return true;
    },
  };
}
