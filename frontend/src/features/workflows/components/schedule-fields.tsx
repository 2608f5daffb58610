/** When a workflow starts by itself: schedules to add, change and remove, and what the server says of those it has. */
import { Link } from '@tanstack/react-router';
import { CalendarClock, Plus, TriangleAlert, X } from 'lucide-react';
import { useMemo, useRef } from 'react';
import type { WorkflowProblem, WorkflowSchedule } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button, IconButton } from '@/components/ui/button';
import { SelectField, TextField } from '@/components/ui/field';
import { dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import type { Graph } from '../model/graph';
import {
  changedSchedule,
  inWords,
  ownZone,
  presets,
  type Schedule,
  schedulesOf,
  soon,
  withoutSchedule,
  withSchedule,
  zones,
} from '../model/schedules';

const OWN = 'own';

export function ScheduleFields({
  graph,
  acting,
  problems,
  disabled,
  onChange,
}: {
  graph: Graph;
  /** What the server has: the schedules that act. */
  acting: readonly WorkflowSchedule[];
  problems: readonly WorkflowProblem[];
  disabled: boolean;
  onChange: (triggers: unknown[], tag: string) => void;
}) {
  const schedules = schedulesOf(graph);
  return (
    <section>
      <h3 className="h">{t('When it starts by itself')}</h3>
      {schedules.length === 0 && (
        <p className="text-sm text-text-3">{t('Never: somebody or something else starts it.')}</p>
      )}
      {schedules.map((schedule, index) => (
        <ScheduleField
          key={schedule.position}
          number={index + 1}
          schedule={schedule}
          // What was changed and not saved yet is not what the server speaks of.
          known={acting.find(
            ({ position, cron, time_zone }) =>
              position === schedule.position &&
              cron === schedule.cron &&
              (time_zone ?? undefined) === schedule.zone,
          )}
          problemOf={(field) =>
            problems.find(({ pointer }) => pointer === `/triggers/${schedule.position}/${field}`)?.message
          }
          disabled={disabled}
          onChange={(change) =>
            onChange(
              changedSchedule(graph, schedule.position, change),
              `triggers/${schedule.position}/${Object.keys(change)[0]}`,
            )
          }
          onRemove={() =>
            onChange(withoutSchedule(graph, schedule.position), `triggers/remove/${schedules.length}`)
          }
        />
      ))}
      {!disabled && (
        <div>
          <Button
            size="xs"
            onClick={() =>
              onChange(withSchedule(graph, '0 9 * * 1-5', ownZone()), `triggers/add/${schedules.length}`)
            }
          >
            <Plus size={14} />
            {t('Add a schedule')}
          </Button>
        </div>
      )}
    </section>
  );
}

function ScheduleField({
  number,
  schedule: { cron, zone },
  known,
  problemOf,
  disabled,
  onChange,
  onRemove,
}: {
  number: number;
  schedule: Schedule;
  known: WorkflowSchedule | undefined;
  problemOf: (field: string) => string | undefined;
  disabled: boolean;
  onChange: (change: { cron?: string; time_zone?: string }) => void;
  onRemove: () => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  const choices = useMemo(() => zones(zone ? [zone] : []), [zone]);
  const given = presets();
  return (
    <fieldset className="wf-case" aria-label={t('Schedule {{number}}', { number })}>
      <div className="wf-case-head">
        <b className="flex-1">{t('Schedule {{number}}', { number })}</b>
        {!disabled && (
          <IconButton small label={t('Remove schedule {{number}}', { number })} onClick={onRemove}>
            <X size={14} />
          </IconButton>
        )}
      </div>
      <SelectField
        label={t('When')}
        value={given.some((one) => one.cron === cron) ? cron : OWN}
        disabled={disabled}
        onChange={(event) => {
          if (event.target.value === OWN) field.current?.select();
          else onChange({ cron: event.target.value });
        }}
      >
        {given.map((one) => (
          <option key={one.cron} value={one.cron}>
            {one.name}
          </option>
        ))}
        <option value={OWN}>{t('Another time')}</option>
      </SelectField>
      <TextField
        ref={field}
        label={t('Cron')}
        className="mono"
        value={cron}
        readOnly={disabled}
        maxLength={200}
        spellCheck={false}
        hint={inWords(cron) ?? t('Minute, hour, day of month, month, day of week.')}
        error={problemOf('cron')}
        onChange={(event) => onChange({ cron: event.target.value })}
      />
      <SelectField
        label={t('Time zone')}
        value={zone ?? 'UTC'}
        disabled={disabled}
        error={problemOf('time_zone')}
        onChange={(event) => onChange({ time_zone: event.target.value })}
      >
        {choices.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </SelectField>
      {known ? (
        <Standing schedule={known} />
      ) : (
        <p className="text-text-3">
          {t(
            'It does not act before the workflow is saved, ready and active, and published where another version is.',
          )}
        </p>
      )}
    </fieldset>
  );
}

/** What the server says of a schedule: when it comes next, and what came of it last. */
function Standing({ schedule }: { schedule: WorkflowSchedule }) {
  const { error, last_at, last_run_id } = schedule;
  return (
    <div className="grid gap-1 text-text-2">
      <p>{t('Next: {{when}}', { when: dateTime(schedule.next_at) })}</p>
      {error && last_at && (
        <p className="text-err">
          {t('It did not start on {{when}}: {{why}}', { when: dateTime(last_at), why: error.detail })}
        </p>
      )}
      {last_run_id && (
        <p>
          <Link to="/runs/$runId" params={{ runId: last_run_id }} className="link">
            {t('The last run')}
          </Link>
        </p>
      )}
    </div>
  );
}

/** The soonest of the moments at which a workflow starts by itself, as short as a bar of badges wants it. */
export function Scheduled({ schedules }: { schedules: readonly WorkflowSchedule[] }) {
  const [next] = schedules.map(({ next_at }) => next_at).sort();
  if (next === undefined) return null;
  const failed = schedules.some(({ error }) => error !== null);
  return (
    <span title={t('Next: {{when}}', { when: dateTime(next) })}>
      {failed ? (
        <Status tone="warn" icon={<TriangleAlert />}>
          {t('Scheduled, did not start')}
        </Status>
      ) : (
        <Status tone="info" icon={<CalendarClock />}>
          {t('Scheduled {{when}}', { when: soon(next) })}
        </Status>
      )}
    </span>
  );
}
