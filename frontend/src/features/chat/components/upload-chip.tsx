/** A file on its way: preview, progress, removal. */
import { FileText, RotateCcw, X } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { cx } from '@/lib/cx';
import { bytes } from '@/lib/format';
import { t } from '@/lib/i18n';
import type { Upload } from '../model/uploads';

const FileLabel = lazy(async () => ({ default: (await import('./file-label')).FileLabel }));

export function UploadChip({
  upload,
  onRemove,
  onRetry,
}: {
  upload: Upload;
  onRemove: () => void;
  onRetry: () => void;
}) {
  const busy = !upload.file && !upload.error;
  return (
    <li
      className={cx(
        'relative flex h-14 max-w-[240px] items-center gap-2.5 overflow-hidden rounded-md border bg-bg pr-1',
        upload.error ? 'border-err' : 'border-border',
        upload.preview ? 'pl-1' : 'pl-3',
      )}
    >
      {upload.preview ? (
        <img src={upload.preview} alt="" className="size-12 rounded-sm object-cover" />
      ) : (
        <FileText size={18} className="shrink-0 text-text-3" />
      )}
      <span className="min-w-0 flex-1">
        <span className="block truncate text-sm">{upload.name}</span>
        <span className={cx('num block truncate text-xs', upload.error ? 'text-err' : 'text-text-3')}>
          {upload.error ?? (busy ? `${Math.round(upload.progress * 100)} %` : bytes(upload.size))}
        </span>
      </span>
      {upload.error && (
        <button type="button" className="icon-btn sm" aria-label={t('Upload again')} onClick={onRetry}>
          <RotateCcw size={15} />
        </button>
      )}
      {upload.file && (
        <Suspense fallback={null}>
          <FileLabel fileId={upload.file.id} name={upload.name} />
        </Suspense>
      )}
      <button
        type="button"
        className="icon-btn sm"
        aria-label={t('Remove {{name}}', { name: upload.name })}
        onClick={onRemove}
      >
        <X size={15} />
      </button>
      {busy && (
        <span
          className="absolute bottom-0 left-0 h-[3px] bg-accent transition-[width]"
          style={{ width: `${upload.progress * 100}%` }}
          role="progressbar"
          aria-label={t('Uploading {{name}}', { name: upload.name })}
          aria-valuenow={Math.round(upload.progress * 100)}
        />
      )}
    </li>
  );
}
