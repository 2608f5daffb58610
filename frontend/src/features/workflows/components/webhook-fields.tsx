/** Where others start a workflow by signed requests: the address, the secret, an example, and what was delivered last. */
import { Link } from '@tanstack/react-router';
import { KeyRound, Plus, X } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import type { WorkflowProblem, WorkflowWebhook } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { Notice } from '@/components/ui/states';
import { dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import type { Graph } from '../model/graph';
import { example, webhooksOf, withoutWebhook, withWebhook } from '../model/webhooks';
import { useRotateWebhook } from '../queries';

export function WebhookFields({
  graph,
  workflowId,
  known,
  own,
  problems,
  disabled,
  onChange,
}: {
  graph: Graph;
  workflowId: string;
  /** What the server has. */
  known: WorkflowWebhook | null;
  /** Whether it is the reader's own: nobody else makes its secret. */
  own: boolean;
  problems: readonly WorkflowProblem[];
  disabled: boolean;
  onChange: (triggers: unknown[], tag: string) => void;
}) {
  const places = webhooksOf(graph);
  if (places.length === 0) {
    return (
      <section>
        <h3 className="h">{t('When others call it')}</h3>
        <p className="text-sm text-text-3">{t('It has no webhook.')}</p>
        {!disabled && (
          <div>
            <Button size="xs" onClick={() => onChange(withWebhook(graph), 'triggers/webhook')}>
              <Plus size={14} />
              {t('Add a webhook')}
            </Button>
          </div>
        )}
      </section>
    );
  }
  const wrong = problems.find(({ pointer }) => places.some((at) => pointer === `/triggers/${at}`));
  return (
    <section>
      <h3 className="h">{t('When others call it')}</h3>
      <fieldset className="wf-case" aria-label={t('Webhook')}>
        <div className="wf-case-head">
          <b className="flex-1">{t('Webhook')}</b>
          {!disabled && (
            <IconButton
              small
              label={t('Remove the webhook')}
              onClick={() => onChange(withoutWebhook(graph), 'triggers/webhook')}
            >
              <X size={14} />
            </IconButton>
          )}
        </div>
        {wrong && (
          <p className="text-err" role="alert">
            {wrong.message}
          </p>
        )}
        {known ? (
          <Standing workflowId={workflowId} webhook={known} own={own} />
        ) : (
          <p className="text-text-3">
            {t(
              'It has an address once the workflow is saved. Where another version is published, this one has to be too.',
            )}
          </p>
        )}
      </fieldset>
    </section>
  );
}

function Standing({
  workflowId,
  webhook,
  own,
}: {
  workflowId: string;
  webhook: WorkflowWebhook;
  own: boolean;
}) {
  const { path, secret_at, error, last_at, last_run_id } = webhook;
  const address = `${window.location.origin}${path}`;
  return (
    <div className="grid gap-2 text-text-2">
      <Copyable label={t('Address')} copy={t('Copy the address')} text={address} />
      <Secret workflowId={workflowId} madeAt={secret_at} own={own} />
      <details>
        <summary>{t('Deliver from a command line')}</summary>
        <div className="mt-1 flex items-start gap-1">
          <textarea
            readOnly
            rows={9}
            className="field mono min-w-0 flex-1 resize-none text-xs"
            aria-label={t('Example')}
            value={example(address)}
          />
          <CopyButton text={() => example(address)} label={t('Copy the example')} />
        </div>
        <p className="mt-1 text-text-3">
          {t(
            'Signed as Standard Webhooks describes. Fields of the body are the inputs of their names; an input named “event” gets all of it.',
          )}
        </p>
      </details>
      {last_at ? (
        <p>{t('Last delivery: {{when}}', { when: dateTime(last_at) })}</p>
      ) : (
        <p className="text-text-3">{t('Nothing was delivered yet.')}</p>
      )}
      {error && <p className="text-err">{t('It did not start: {{why}}', { why: error.detail })}</p>}
      {last_run_id && (
        <p>
          <Link to="/runs/$runId" params={{ runId: last_run_id }} className="link">
            {t('The last run that it started')}
          </Link>
        </p>
      )}
    </div>
  );
}

function Copyable({ label, copy, text }: { label: string; copy: string; text: string }) {
  return (
    <div className="flex items-center gap-1">
      <input
        className="field mono min-w-0 flex-1 text-xs"
        readOnly
        aria-label={label}
        value={text}
        onFocus={(event) => event.target.select()}
      />
      <CopyButton text={text} label={copy} />
    </div>
  );
}

/** The secret: made by its owner, told once, made anew. */
function Secret({
  workflowId,
  madeAt,
  own,
}: {
  workflowId: string;
  madeAt: string | null | undefined;
  own: boolean;
}) {
  const [asked, setAsked] = useState(false);
  const rotate = useRotateWebhook(workflowId);
  const secret = rotate.data?.secret;
  return (
    <>
      {secret ? (
        <>
          <Notice tone="warn" icon={<KeyRound size={17} />}>
            {t('Copy the secret now. It is shown this once; nobody can read it again, only replace it.')}
          </Notice>
          <Copyable label={t('Secret')} copy={t('Copy the secret')} text={secret} />
        </>
      ) : (
        <p className={madeAt ? undefined : 'text-warn'}>
          {madeAt
            ? t('Its secret was made on {{when}}.', { when: dateTime(madeAt) })
            : t('It has no secret yet, so nothing can be delivered.')}
        </p>
      )}
      {rotate.error && (
        <p className="text-err" role="alert">
          {describe(rotate.error)}
        </p>
      )}
      {own ? (
        <div>
          <Button
            size="xs"
            busy={rotate.isPending}
            onClick={() => (madeAt ? setAsked(true) : rotate.mutate())}
          >
            {madeAt ? t('Replace the secret') : t('Make the secret')}
          </Button>
        </div>
      ) : (
        <p className="text-text-3">{t('Only the owner of the workflow makes its secret.')}</p>
      )}
      <ConfirmDialog
        open={asked}
        title={t('Replace the secret?')}
        description={t('The present one works for another 24 hours; one before it ends now.')}
        confirm={t('Replace')}
        onClose={() => setAsked(false)}
        // What went wrong stands beside the button.
        onConfirm={() => rotate.mutateAsync().catch(() => undefined)}
      />
    </>
  );
}
