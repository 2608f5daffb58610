/** Where people write: one rounded field with everything a message can carry. */
import { ArrowUp, ChevronDown, Paperclip, SlidersHorizontal, Square } from 'lucide-react';
import { type KeyboardEvent, lazy, type RefObject, Suspense, useLayoutEffect, useRef } from 'react';
import type { Model } from '@/api/types';
import { agentColour } from '@/components/ui/badges';
import { IconButton } from '@/components/ui/button';
import { Menu, MenuGroup, MenuRadio, MenuRadioGroup } from '@/components/ui/menu';
import { Tooltip } from '@/components/ui/tooltip';
import { cx } from '@/lib/cx';
import { count, estimateTokens, money, short } from '@/lib/format';
import { t } from '@/lib/i18n';
import type { ChatOptions } from '../hooks/use-chat-options';
import type { DraftHandle } from '../hooks/use-draft';
import type { Outgoing } from '../model/actions';
import { isImage } from '../model/uploads';
import { UploadChip } from './upload-chip';

/** Rarely opened, and not worth a place in the first load. */
const SettingsPopover = lazy(async () => ({
  default: (await import('./settings-popover')).SettingsPopover,
}));

/** Prices as providers print them. */
function perMillion({ input_cost_per_1k: input, output_cost_per_1k: output, currency }: Model): string {
  const price = (value: string | null | undefined) => money(Number(value ?? 0) * 1000, currency);
  return t('{{input}} / {{output}} per M', { input: price(input), output: price(output) });
}

export interface ComposerProps {
  inputRef: RefObject<HTMLTextAreaElement | null>;
  draft: DraftHandle;
  options: ChatOptions;
  sendOn: 'enter' | 'mod_enter';
  /** The run that writes right now; the send button then stops it. */
  runId: string | null;
  /** Sending beside a running answer is possible only while that one waits for a person. */
  blocked: boolean;
  usedTokens: number;
  onSend: (outgoing: Outgoing) => void;
  onStop: () => void;
}

const dots = { '': 'var(--agent-blue)', green: 'var(--agent-green)', purple: 'var(--agent-purple)' };

/** A key press that belongs to an input method is never "send". */
export function isComposing(event: KeyboardEvent): boolean {
  return event.nativeEvent.isComposing || event.keyCode === 229;
}

export function Composer({
  inputRef,
  draft,
  options,
  sendOn,
  runId,
  blocked,
  usedTokens,
  onSend,
  onStop,
}: ComposerProps) {
  const picker = useRef<HTMLInputElement>(null);
  const { text, uploads } = draft;
  const ready = uploads.every((upload) => upload.file !== null);
  const canSend = !blocked && ready && (text.trim() !== '' || uploads.length > 0);
  const { agent, agents, model, models } = options;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    const field = inputRef.current;
    if (!field || CSS.supports('field-sizing', 'content')) return;
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight}px`;
  }, [text, inputRef]);

  const send = () => {
    if (!canSend) return;
    const taken = draft.take();
    if (!taken) return;
    onSend({
      content: taken.text,
      images: taken.files.filter((file) => isImage(file.mime_type)),
      attachments: taken.files.filter((file) => !isImage(file.mime_type)),
    });
    inputRef.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key !== 'Enter' || isComposing(event)) return;
    const modified = event.metaKey || event.ctrlKey;
    const sends = sendOn === 'mod_enter' ? modified : !event.shiftKey && !event.altKey;
    if (!sends) return;
    event.preventDefault();
    send();
  };

  const agentName = agent?.name ?? t('Auto');
  const context = model?.context_window;

  return (
    <div className="px-2 pb-2 md:px-6 md:pb-3">
      <form
        className="mx-auto max-w-[736px] rounded-xl border border-border-strong bg-raised shadow-2 transition-colors focus-within:border-focus"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        {uploads.length > 0 && (
          <ul className="flex flex-wrap gap-2 px-4 pt-4" aria-label={t('Attachments')}>
            {uploads.map((upload) => (
              <UploadChip
                key={upload.key}
                upload={upload}
                onRemove={() => draft.remove(upload.key)}
                onRetry={() => draft.retry(upload.key)}
              />
            ))}
          </ul>
        )}
        <label className="sr-only" htmlFor="composer">
          {t('Message')}
        </label>
        <textarea
          ref={inputRef}
          id="composer"
          rows={1}
          value={text}
          placeholder={agent ? t('Message {{name}}', { name: agent.name }) : t('Ask anything')}
          className="field-sizing-content block max-h-[40dvh] min-h-12 w-full resize-none bg-transparent px-4 pt-4 pb-1 text-body leading-normal outline-none"
          onChange={(event) => draft.setText(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const files = [...event.clipboardData.files];
            if (files.length > 0) {
              event.preventDefault();
              draft.addFiles(files);
            } else if (draft.pasted(event.clipboardData.getData('text/plain'))) event.preventDefault();
          }}
        />
        <div className="flex items-center gap-0.5 px-2 pt-1 pb-2">
          <IconButton label={t('Attach files')} onClick={() => picker.current?.click()}>
            <Paperclip size={18} />
          </IconButton>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label={t('Attach files')}
            onChange={(event) => {
              draft.addFiles(event.target.files ?? []);
              event.target.value = '';
            }}
          />
          <Suspense
            fallback={
              <IconButton label={t('Response settings')} disabled>
                <SlidersHorizontal size={18} />
              </IconButton>
            }
          >
            <SettingsPopover options={options} />
          </Suspense>
          <Menu
            side="top"
            className="w-[320px]"
            trigger={
              <button
                type="button"
                className="btn min-w-18 gap-1.5 px-2 font-normal text-sm text-text-2"
                aria-label={t('Agent: {{name}}', { name: agentName })}
              >
                <span
                  className="dot"
                  style={{ background: agent ? dots[agentColour(agent.id)] : 'var(--agent-blue)' }}
                />
                <span className="max-w-[9rem] truncate">{agentName}</span>
                <ChevronDown size={15} className="hidden xs:block" />
              </button>
            }
          >
            <MenuRadioGroup value={agent?.id ?? ''} onChange={(id) => options.setAgent(id || null)}>
              <MenuRadio value="">
                <span className="block">{t('Auto')}</span>
                <span className="block text-text-3 text-xs">{t('The default agent answers')}</span>
              </MenuRadio>
              {agents.map((candidate) => (
                <MenuRadio key={candidate.id} value={candidate.id}>
                  <span className="flex items-center gap-2">
                    <span className="dot" style={{ background: dots[agentColour(candidate.id)] }} />
                    <span className="truncate">{candidate.name}</span>
                  </span>
                  {candidate.description && (
                    <span className="mt-0.5 block truncate pl-4 text-text-3 text-xs">
                      {candidate.description}
                    </span>
                  )}
                </MenuRadio>
              ))}
            </MenuRadioGroup>
          </Menu>
          <span className="flex-1" />
          <Menu
            side="top"
            align="end"
            className="w-[360px]"
            trigger={
              <button
                type="button"
                className="btn min-w-0 gap-1.5 px-2 font-normal text-sm text-text-2"
                aria-label={t('Model: {{name}}', { name: model?.display_name ?? t('default') })}
              >
                <span className="max-w-[10rem] truncate">{model?.display_name ?? t('Model')}</span>
                <ChevronDown size={15} className="hidden xs:block" />
              </button>
            }
          >
            <MenuRadioGroup
              value={options.modelIsDefault ? '' : (model?.id ?? '')}
              onChange={(id) => options.setModel(id || null)}
            >
              <MenuRadio value="">
                <span className="block">{t('Default')}</span>
                <span className="block text-text-3 text-xs">{t("The agent's own model")}</span>
              </MenuRadio>
              <MenuGroup label={t('Models')}>
                {models.map((candidate) => (
                  <MenuRadio key={candidate.id} value={candidate.id} disabled={!candidate.available}>
                    <span className="block truncate">{candidate.display_name}</span>
                    <span className="block truncate text-text-3 text-xs">
                      {candidate.available
                        ? [
                            candidate.provider,
                            candidate.context_window &&
                              t('{{size}} context', { size: short(candidate.context_window) }),
                            candidate.capabilities.vision && t('images'),
                            candidate.capabilities.thinking && t('thinking'),
                            candidate.input_cost_per_1k &&
                              Number(candidate.input_cost_per_1k) > 0 &&
                              perMillion(candidate),
                          ]
                            .filter(Boolean)
                            .join(' · ')
                        : candidate.unavailable_reason}
                    </span>
                  </MenuRadio>
                ))}
              </MenuGroup>
            </MenuRadioGroup>
          </Menu>
          {runId && !(canSend && text) ? (
            <Tooltip text={t('Stop generating')}>
              <button type="button" className="send" aria-label={t('Stop generating')} onClick={onStop}>
                <Square size={14} fill="currentColor" />
              </button>
            </Tooltip>
          ) : (
            <Tooltip text={ready ? t('Send') : t('Waiting for the upload')}>
              <button
                type="submit"
                className={cx('send', !canSend && 'off')}
                aria-label={t('Send')}
                aria-disabled={!canSend}
              >
                <ArrowUp size={19} />
              </button>
            </Tooltip>
          )}
        </div>
      </form>
      <p className="mx-auto mt-2 flex max-w-[704px] justify-between gap-4 px-3 text-text-3 text-xs md:px-0">
        <span>{t('Answers can be wrong. Check what matters.')}</span>
        <span className="num hidden xs:inline">
          {text.length > 0
            ? `${t('{{count}} characters', { count: text.length })}, ~${count(estimateTokens(text))} ${t('tokens')}`
            : context && usedTokens > 0
              ? t('{{used}} of {{all}} tokens', { used: short(usedTokens), all: short(context) })
              : ''}
        </span>
      </p>
    </div>
  );
}
