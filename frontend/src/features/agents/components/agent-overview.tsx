/** The settings of an agent, in words, and its instructions. */
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { modelsQuery } from '@/api/queries';
import type { Agent } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { CopyButton } from '@/components/ui/copy-button';
import { count, dateTime, duration } from '@/lib/format';
import { t } from '@/lib/i18n';
import { Markdown } from '@/lib/markdown';

export function AgentOverview({ agent }: { agent: Agent }) {
  const models = useQuery(modelsQuery);
  const model = models.data?.items.find((candidate) => candidate.id === agent.model);
  const { execution_config: execution } = agent;
  return (
    <div className="grid grid-cols-1 gap-8">
      <section>
        <div className="mb-3 flex items-center gap-2">
          <h2 className="h flex-1 text-[0.9375rem]">{t('Instructions')}</h2>
          {agent.system_prompt && <CopyButton text={agent.system_prompt} />}
        </div>
        <div className="card p-5">
          {agent.system_prompt ? (
            <Markdown text={agent.system_prompt} />
          ) : (
            <p className="text-text-3">
              {t('It has no instructions of its own: the model answers as it is.')}
            </p>
          )}
        </div>
      </section>
      <section>
        <h2 className="h mb-1 text-[0.9375rem]">{t('Settings')}</h2>
        <dl className="agent-facts num">
          <Fact name={t('Model')}>
            <span className="flex flex-wrap items-center gap-2">
              {model?.display_name || agent.model || t('The default of this server')}
              {model && !model.available && (
                <Status tone="warn">{model.unavailable_reason ?? t('not available')}</Status>
              )}
            </span>
          </Fact>
          <Fact name={t('Temperature')}>{agent.temperature}</Fact>
          <Fact name={t('Longest answer')}>{t('{{count}} tokens', { count: agent.max_tokens })}</Fact>
          {agent.top_p !== null && agent.top_p !== undefined && <Fact name={t('Top-p')}>{agent.top_p}</Fact>}
          <Fact name={t('Tool rounds')}>
            {t('at most {{number}}', { number: count(agent.max_tool_rounds) })}
          </Fact>
          {execution && (
            <Fact name={t('Execution')}>
              {t('{{timeout}} limit, {{retries}} retries, {{delay}} between', {
                timeout: duration(execution.timeout_ms ?? 0),
                retries: execution.max_retries,
                delay: duration(execution.retry_delay_ms ?? 0),
              })}
            </Fact>
          )}
          <Fact name={t('Version')}>
            {agent.current_version}, {dateTime(agent.updated_at)}
          </Fact>
          <Fact name={t('Identifier')}>
            <span className="mono">{agent.slug}</span>
          </Fact>
        </dl>
      </section>
      {agent.documentation && (
        <section>
          <h2 className="h mb-3 text-[0.9375rem]">{t('Documentation')}</h2>
          <Markdown text={agent.documentation} />
        </section>
      )}
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}
