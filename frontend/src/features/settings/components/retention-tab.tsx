/** For how long the organisation keeps conversations and runs; what would go is counted before anybody says so. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '@/api/client';
import { describe } from '@/api/problem';
import { queryClient } from '@/api/queries';
import type { Me } from '@/api/types';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { SelectField } from '@/components/ui/field';
import { ErrorState, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { Section } from './section';

interface Days {
  conversation_days: number | null;
  run_days: number | null;
}

const usual = [7, 30, 90, 180, 365, 730];

export function RetentionTab({ me }: { me: Me }) {
  const path = `/api/v1/orgs/${me.organization.id}/retention` as const;
  const key = ['retention', me.organization.id];
  const { data, error, isPending, refetch } = useQuery({ queryKey: key, queryFn: () => api.get(path) });
  if (isPending) return <SkeletonRows rows={3} className="py-4" />;
  if (error) {
    return (
      <ErrorState title={t('The retention could not be loaded')} error={error} onRetry={() => refetch()} />
    );
  }
  const stored: Days = { conversation_days: data.conversation_days ?? null, run_days: data.run_days ?? null };
  return (
    <RetentionForm
      key={`${stored.conversation_days}-${stored.run_days}`}
      path={path}
      stored={stored}
      onSaved={() => queryClient.invalidateQueries({ queryKey: key })}
    />
  );
}

function RetentionForm({
  path,
  stored,
  onSaved,
}: {
  path: `/api/v1/orgs/${string}/retention`;
  stored: Days;
  onSaved: () => Promise<void>;
}) {
  const [wanted, setWanted] = useState(stored);
  const [asking, setAsking] = useState(false);
  const changed =
    wanted.conversation_days !== stored.conversation_days || wanted.run_days !== stored.run_days;
  const preview = useQuery({
    queryKey: ['retention-preview', path, wanted],
    queryFn: () => api.get(`${path}/preview`, { query: { ...wanted } }),
    enabled: wanted.conversation_days !== null || wanted.run_days !== null,
  });
  const goes = preview.data && preview.data.conversations + preview.data.runs > 0;
  const save = async () => {
    try {
      await api.put(path, wanted);
      toast.success(t('Saved'));
    } catch (problem) {
      toast.error(describe(problem));
    }
    await onSaved();
  };
  return (
    <div>
      <Section
        title={t('Conversations and runs')}
        lead={t(
          'What is older is removed for good, within minutes. The audit log and the figures of usage stay.',
        )}
      >
        <DaysField
          label={t('Remove conversations')}
          hint={t('Counted from the last message. Messages, artifacts and runs go with them.')}
          value={wanted.conversation_days}
          onChange={(conversation_days) => setWanted({ ...wanted, conversation_days })}
        />
        <DaysField
          label={t('Remove runs')}
          hint={t('Counted from their end, with everything they logged. Conversations keep their messages.')}
          value={wanted.run_days}
          onChange={(run_days) => setWanted({ ...wanted, run_days })}
        />
        {preview.data && (
          <p role="status" className="text-sm text-text-2">
            {t('Old enough to go now: {{conversations}} conversations, {{runs}} runs.', {
              conversations: preview.data.conversations,
              runs: preview.data.runs,
            })}
          </p>
        )}
        <div>
          <Button
            variant="primary"
            disabled={!changed || preview.isFetching}
            onClick={() => (goes ? setAsking(true) : void save())}
          >
            {t('Save')}
          </Button>
        </div>
      </Section>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t('Remove what is older?')}
        description={t('{{conversations}} conversations and {{runs}} runs go now, and others as they age.', {
          conversations: preview.data?.conversations ?? 0,
          runs: preview.data?.runs ?? 0,
        })}
        confirm={t('Remove')}
        onConfirm={save}
      />
    </div>
  );
}

function DaysField({
  label,
  hint,
  value,
  onChange,
}: {
  label: string;
  hint: string;
  value: number | null;
  onChange: (days: number | null) => void;
}) {
  const choices = value === null || usual.includes(value) ? usual : [...usual, value].sort((a, b) => a - b);
  return (
    <SelectField
      label={label}
      hint={hint}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value ? Number(event.target.value) : null)}
      wrapperClassName="max-w-md"
    >
      <option value="">{t('never')}</option>
      {choices.map((choice) => (
        <option key={choice} value={choice}>
          {t('after {{count}} days', { count: choice })}
        </option>
      ))}
    </SelectField>
  );
}
