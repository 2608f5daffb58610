/** Asking for access to a row, or for more of it. */
import { useQuery } from '@tanstack/react-query';
import { Hourglass, KeyRound } from 'lucide-react';
import { useState } from 'react';
import { describe, Problem } from '@/api/problem';
import type { AccessLevel } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { SelectField, TextArea } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { hoursOf, kindName, type Lasting, levelName, levelsOf } from '../model/levels';
import { openWishes, type Resource, useAsk } from '../queries';
import { LastingField } from './lasting-field';

/** The button, and in its place that one has asked. */
export function RequestAccess({ resource, name }: { resource: Resource; name?: string }) {
  const [open, setOpen] = useState(false);
  const { data } = useQuery(openWishes);
  const asked = data?.items.some((wish) => wish.resource_id === resource.id);
  return (
    <>
      {asked ? (
        <Status tone="info" icon={<Hourglass />}>
          {t('You have asked for access')}
        </Status>
      ) : (
        <Button variant="outline" onClick={() => setOpen(true)}>
          <KeyRound size={15} />
          {t('Request access')}
        </Button>
      )}
      <RequestDialog
        open={open}
        onClose={() => setOpen(false)}
        resource={resource}
        {...(name === undefined ? {} : { name })}
      />
    </>
  );
}

export function RequestDialog({
  open,
  onClose,
  resource,
  name,
}: {
  open: boolean;
  onClose: () => void;
  resource: Resource;
  name?: string;
}) {
  const kind = kindName(resource.kind);
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={
        name ? t('Request access to {{name}}', { name }) : t('Request access to this {{kind}}', { kind })
      }
      description={t('Its owner is told, and reads what you write here.')}
    >
      <Ask resource={resource} onClose={onClose} />
    </Dialog>
  );
}

function Ask({ resource, onClose }: { resource: Resource; onClose: () => void }) {
  const ask = useAsk();
  const [level, setLevel] = useState<AccessLevel>(resource.kind === 'conversation' ? 'read' : 'execute');
  const [lasting, setLasting] = useState<Exclude<Lasting, 'date'>>('168');
  const [reason, setReason] = useState('');
  const [fault, setFault] = useState<string>();
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    if (!reason.trim()) return setFault(t('Say why you need it.'));
    const hours = hoursOf(lasting);
    try {
      await ask.mutateAsync({
        resource_type: resource.kind,
        resource_id: resource.id,
        access_level: level,
        reason,
        ...(hours === undefined ? {} : { hours }),
      });
      toast.success(t('Your request is on its way'));
      onClose();
    } catch (error) {
      setFault((error instanceof Problem && error.fieldError('reason')) || describe(error));
    }
  };
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      <div className="flex flex-wrap gap-4">
        <SelectField
          label={t('I want to')}
          wrapperClassName="min-w-44 flex-1"
          value={level}
          onChange={(event) => setLevel(event.target.value as AccessLevel)}
        >
          {levelsOf(resource.kind).map((one) => (
            <option key={one} value={one}>
              {levelName(one)}
            </option>
          ))}
        </SelectField>
        <LastingField
          label={t('For')}
          dates={false}
          lasting={lasting}
          date=""
          onChange={(next) => next !== 'date' && setLasting(next)}
        />
      </div>
      <TextArea
        label={t('Why')}
        rows={3}
        value={reason}
        error={fault}
        onChange={(event) => {
          setReason(event.target.value);
          setFault(undefined);
        }}
      />
      <div className="mt-2 flex justify-end gap-2">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button type="submit" variant="primary" busy={ask.isPending}>
          {t('Send request')}
        </Button>
      </div>
    </form>
  );
}
