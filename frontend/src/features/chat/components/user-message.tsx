/** What the person said: a bubble, with its files, its versions and a way to say it differently. */
import { CircleAlert, CloudOff, Copy, FileText, Pencil, RotateCcw, Trash2, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { describe } from '@/api/problem';
import type { FileRef, Message } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/confirm';
import { useCopied } from '@/components/ui/copy-button';
import { bytes, dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { edit, removeMessage, switchTo } from '../model/actions';
import type { Pending } from '../model/store';
import { BranchSwitcher } from './branch-switcher';
import { isComposing } from './composer';

export function Files({ images, attachments }: { images: FileRef[]; attachments: FileRef[] }) {
  if (images.length + attachments.length === 0) return null;
  return (
    <div className="flex flex-wrap items-end justify-end gap-2">
      {images.map((file) => (
        <a key={file.id} href={file.url} target="_blank" rel="noreferrer">
          <img
            src={file.url}
            alt={file.name}
            className="max-h-64 max-w-full rounded-lg border border-border object-contain"
          />
        </a>
      ))}
      {attachments.map((file) => (
        <a key={file.id} href={file.url} className="file-chip" download={file.name}>
          <FileText size={18} />
          <span className="min-w-0">
            <span className="block truncate">{file.name}</span>
            <span className="num block text-text-3 text-xs">{bytes(file.size_bytes)}</span>
          </span>
        </a>
      ))}
    </div>
  );
}

function Bubble({ text }: { text: string }) {
  if (!text) return null;
  return (
    <div className="max-w-[92%] justify-self-end whitespace-pre-wrap rounded-[var(--r-xl)_var(--r-xl)_var(--r-sm)_var(--r-xl)] bg-bubble px-4 py-3 text-body leading-[1.55] [overflow-wrap:anywhere] md:max-w-[85%]">
      {text}
    </div>
  );
}

function Editor({ message, onClose }: { message: Message; onClose: () => void }) {
  const [text, setText] = useState(message.content);
  const [busy, setBusy] = useState<'save' | 'send' | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length);
  }, []);
  const submit = async (resendIt: boolean) => {
    if (!text.trim()) return;
    setBusy(resendIt ? 'send' : 'save');
    try {
      await edit(message, text.trim(), resendIt);
      onClose();
    } catch (error) {
      toast.error(describe(error));
      setBusy(null);
    }
  };
  return (
    <form
      className="grid gap-3 rounded-lg border border-border-strong bg-raised p-3 focus-within:border-focus"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(true);
      }}
    >
      <textarea
        ref={field}
        aria-label={t('Edit message')}
        value={text}
        className="field-sizing-content max-h-[50dvh] min-h-16 w-full resize-none bg-transparent text-body leading-[1.55] outline-none"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onClose();
          if (event.key === 'Enter' && !event.shiftKey && !isComposing(event)) {
            event.preventDefault();
            void submit(true);
          }
        }}
      />
      <div className="flex flex-wrap items-center gap-2">
        <p className="min-w-0 flex-1 basis-full text-text-3 text-xs sm:basis-0">
          {t('Sending starts a new version; the earlier one and its answers stay.')}
        </p>
        <Button size="xs" className="text-sm max-sm:ml-auto" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button
          variant="outline"
          size="xs"
          className="text-sm"
          busy={busy === 'save'}
          disabled={busy !== null}
          onClick={() => submit(false)}
        >
          {t('Save only')}
        </Button>
        <Button
          type="submit"
          variant="primary"
          size="xs"
          className="text-sm"
          busy={busy === 'send'}
          disabled={busy !== null}
        >
          {t('Send')}
        </Button>
      </div>
    </form>
  );
}

export function UserMessage({ message, siblings }: { message: Message; siblings: string[] }) {
  const [editing, setEditing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const [copied, copy] = useCopied();
  if (editing) return <Editor message={message} onClose={() => setEditing(false)} />;
  return (
    <div className="group grid gap-2">
      <Files images={message.images} attachments={message.attachments} />
      <Bubble text={message.content} />
      <div className="-mt-1.5 -mb-4 flex items-center justify-end">
        <span className="num mr-1 text-text-3 text-xs opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100">
          {dateTime(message.created_at)}
          {message.edited_at && `, ${t('edited')}`}
        </span>
        <span className="flex opacity-0 transition-opacity group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
          <IconButton
            small
            label={copied ? t('Copied') : t('Copy message')}
            onClick={() => copy(message.content)}
          >
            <Copy size={15} />
          </IconButton>
          <IconButton small label={t('Edit message')} onClick={() => setEditing(true)}>
            <Pencil size={15} />
          </IconButton>
          <IconButton small label={t('Delete message')} onClick={() => setDeleting(true)}>
            <Trash2 size={15} />
          </IconButton>
        </span>
        <BranchSwitcher
          siblings={siblings}
          current={message.id}
          onSwitch={(id) => switchTo(message, id).catch((error: unknown) => toast.error(describe(error)))}
        />
      </div>
      <ConfirmDialog
        open={deleting}
        onClose={() => setDeleting(false)}
        title={t('Delete this message?')}
        description={t('The answers that follow it are deleted too. Other versions stay.')}
        confirm={t('Delete')}
        onConfirm={() => removeMessage(message).catch((error: unknown) => void toast.error(describe(error)))}
      />
    </div>
  );
}

/** A message the server has not confirmed: sending, waiting for the connection, or refused. */
export function PendingMessage({
  pending,
  onRetry,
  onEdit,
  onDiscard,
}: {
  pending: Pending;
  onRetry: () => void;
  onEdit: () => void;
  onDiscard: () => void;
}) {
  return (
    <div className="grid gap-2" data-pending={pending.status}>
      <Files images={pending.images} attachments={pending.attachments} />
      <Bubble text={pending.content} />
      {pending.status === 'queued' && (
        <p className="flex items-center justify-end gap-1.5 text-text-3 text-xs">
          <CloudOff size={14} />
          {t('Will be sent when the connection is back')}
        </p>
      )}
      {pending.status === 'failed' && (
        <div className="flex flex-wrap items-center justify-end gap-x-2 gap-y-1" role="alert">
          <span className="flex items-center gap-1.5 text-err text-sm">
            <CircleAlert size={15} className="shrink-0" />
            {t('Not sent.')} {describe(pending.error)}
          </span>
          <span className="flex gap-1">
            <Button variant="outline" size="xs" onClick={onRetry}>
              <RotateCcw size={14} />
              {t('Retry')}
            </Button>
            <Button variant="outline" size="xs" onClick={onEdit}>
              <Pencil size={14} />
              {t('Edit')}
            </Button>
            <IconButton small label={t('Discard')} onClick={onDiscard}>
              <X size={15} />
            </IconButton>
          </span>
        </div>
      )}
    </div>
  );
}
