/** The fields of how an answer is made: thinking, temperature, length, and words put before the conversation. */
import { useId } from 'react';
import { Button } from '@/components/ui/button';
import { TextArea } from '@/components/ui/field';
import { Switch } from '@/components/ui/switch';
import { t } from '@/lib/i18n';
import type { ChatOptions } from '../hooks/use-chat-options';

function Range({
  label,
  value,
  fallback,
  max,
  step,
  onChange,
}: {
  label: string;
  value: number | null | undefined;
  fallback: number;
  max: number;
  step: number;
  onChange: (value: number) => void;
}) {
  const id = useId();
  return (
    <div className="grid gap-1">
      <div className="flex items-center justify-between text-sm">
        <label htmlFor={id} className="font-medium text-text-2">
          {label}
        </label>
        <output htmlFor={id} className="num text-text-3">
          {value ?? t("agent's own")}
        </output>
      </div>
      <input
        id={id}
        type="range"
        min={0}
        max={max}
        step={step}
        value={value ?? fallback}
        className="w-full accent-accent"
        onChange={(event) => onChange(Number(event.target.value))}
      />
    </div>
  );
}

interface Props {
  options: ChatOptions;
  /** Whether anything is not as the agent has it. */
  changed: boolean;
}

export function ResponseSettings({ options: { settings, setSettings, model, agent }, changed }: Props) {
  const id = useId();
  return (
    <div className="grid gap-4">
      <Switch
        label={t('Thinking')}
        hint={
          model && !model.capabilities.thinking
            ? t('{{name}} does not show its reasoning.', { name: model.display_name })
            : t('Reason before answering; slower and longer.')
        }
        checked={settings.thinking ?? false}
        onChange={(thinking) => setSettings({ ...settings, thinking })}
        disabled={model ? !model.capabilities.thinking : false}
      />
      <Range
        label={t('Temperature')}
        value={settings.temperature}
        fallback={agent?.temperature ?? 0.7}
        max={2}
        step={0.1}
        onChange={(temperature) => setSettings({ ...settings, temperature })}
      />
      <Range
        label={t('Top-p')}
        value={settings.top_p}
        fallback={agent?.top_p ?? 1}
        max={1}
        step={0.05}
        onChange={(top_p) => setSettings({ ...settings, top_p })}
      />
      <div className="grid gap-1.5">
        <label htmlFor={id} className="font-medium text-sm text-text-2">
          {t('Longest answer, in tokens')}
        </label>
        <input
          id={id}
          className="field num"
          type="number"
          min={1}
          max={model?.max_output_tokens ?? undefined}
          placeholder={String(agent?.max_tokens ?? model?.max_output_tokens ?? '')}
          value={settings.max_tokens ?? ''}
          onChange={(event) =>
            setSettings({ ...settings, max_tokens: event.target.value ? Number(event.target.value) : null })
          }
        />
      </div>
      <TextArea
        label={t('Instructions for this chat')}
        rows={3}
        placeholder={t("Added to the agent's own instructions")}
        value={settings.system_prompt ?? ''}
        onChange={(event) => setSettings({ ...settings, system_prompt: event.target.value || null })}
      />
      {changed && (
        <Button
          variant="outline"
          className="justify-self-start text-sm"
          onClick={() =>
            setSettings({
              thinking: null,
              temperature: null,
              top_p: null,
              max_tokens: null,
              system_prompt: null,
            })
          }
        >
          {t('Back to the defaults')}
        </Button>
      )}
    </div>
  );
}
