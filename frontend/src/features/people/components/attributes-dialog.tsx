/** What administrators say of a person, for policies to ask about; and what the person was granted. */
import { useQuery } from '@tanstack/react-query';
import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import { describe, Problem } from '@/api/problem';
import type { User } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Notice } from '@/components/ui/states';
import { Ends, kindName, levelName } from '@/features/access';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { type AttributeRow, attributesOf, rowsOf, twice } from '../model/attributes';
import { grantsOfUser, useChangeAccount } from '../queries';

export function AttributesDialog({
  open,
  onClose,
  person,
}: {
  open: boolean;
  onClose: () => void;
  person: User;
}) {
  const name = person.name || person.email;
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={t('Attributes of {{name}}', { name })}
      description={t('Facts that policies ask about, such as department or site.')}
    >
      <Edit person={person} onClose={onClose} />
      <Granted userId={person.id} />
    </Dialog>
  );
}

function Edit({ person, onClose }: { person: User; onClose: () => void }) {
  const change = useChangeAccount();
  const [rows, setRows] = useState<(AttributeRow & { key: number })[]>(() =>
    rowsOf(person.attributes).map((row, key) => ({ ...row, key })),
  );
  const [next, setNext] = useState(rows.length);
  const [fault, setFault] = useState<string>();
  const set = (key: number, part: Partial<AttributeRow>) => {
    setRows(rows.map((row) => (row.key === key ? { ...row, ...part } : row)));
    setFault(undefined);
  };
  const add = () => {
    setRows([...rows, { key: next, name: '', value: '' }]);
    setNext(next + 1);
  };
  const save = async (event: React.FormEvent) => {
    event.preventDefault();
    const name = twice(rows);
    if (name) return setFault(t('{{name}} stands here twice.', { name }));
    try {
      await change.mutateAsync({ id: person.id, change: { attributes: attributesOf(rows) } });
      toast.success(t('The attributes were saved'));
      onClose();
    } catch (error) {
      const first = error instanceof Problem ? error.errors[0] : undefined;
      setFault(first ? `${first.pointer.split('/').at(-1)}: ${first.detail}` : describe(error));
    }
  };
  return (
    <form className="grid gap-3" onSubmit={save} noValidate>
      {rows.length === 0 && <p className="text-sm text-text-3">{t('None yet.')}</p>}
      {rows.map(({ key, name, value }, at) => (
        <div key={key} className="flex items-center gap-2">
          <input
            className="field mono"
            aria-label={t('Name of attribute {{count}}', { count: at + 1 })}
            placeholder="department"
            value={name}
            onChange={(event) => set(key, { name: event.target.value })}
          />
          <input
            className="field"
            aria-label={t('Value of attribute {{count}}', { count: at + 1 })}
            placeholder={t('sales')}
            value={value}
            onChange={(event) => set(key, { value: event.target.value })}
          />
          <IconButton
            label={t('Remove attribute {{count}}', { count: at + 1 })}
            onClick={() => setRows(rows.filter((row) => row.key !== key))}
          >
            <X size={17} />
          </IconButton>
        </div>
      ))}
      {fault && <Notice tone="err">{fault}</Notice>}
      <div className="flex flex-wrap gap-2">
        <Button onClick={add}>
          <Plus size={15} />
          {t('Add an attribute')}
        </Button>
        <span className="flex-1" />
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button type="submit" variant="primary" busy={change.isPending}>
          {t('Save')}
        </Button>
      </div>
    </form>
  );
}

/** What the person was granted by name; nothing is said where the list may not be read. */
function Granted({ userId }: { userId: string }) {
  const { data } = useQuery({ ...grantsOfUser(userId), retry: false });
  const grants = data?.items ?? [];
  if (grants.length === 0) return null;
  return (
    <section className="mt-6 grid gap-2 border-border border-t pt-5">
      <h3 className="h">{t('Granted by name')}</h3>
      <ul className="grid gap-2">
        {grants.map((grant) => (
          <li key={grant.id} className="flex flex-wrap items-center gap-2 text-sm">
            <span className="min-w-0 flex-1 basis-full truncate sm:basis-0">
              {grant.resource_name ?? t('a private {{kind}}', { kind: kindName(grant.resource_type) })}
            </span>
            <span className="text-text-2">{levelName(grant.access_level)}</span>
            <Ends at={grant.expires_at} />
          </li>
        ))}
      </ul>
    </section>
  );
}
