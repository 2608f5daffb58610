/** The last question before a person is erased: what goes, what stays, who takes over, and who asks. */
import { useQuery } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { describe, Problem } from '@/api/problem';
import { membersQuery } from '@/api/queries';
import type { Me, User } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { SelectField, TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { useErase } from '../queries';

interface Answers {
  address: string;
  successor: string;
  password: string;
  code: string;
}

const fields = { password: '/password', code: '/code', successor: '/successor_id' } as const;

export function EraseDialog({
  open,
  onClose,
  person,
  me,
  onErased,
}: {
  open: boolean;
  onClose: () => void;
  person: User;
  me: Me;
  onErased: () => void;
}) {
  const self = person.id === me.user.id;
  const name = person.name || person.email;
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={self ? t('Erase your account?') : t('Erase {{name}}?', { name })}
      description={t('This cannot be undone.')}
    >
      <Question person={person} me={me} self={self} onClose={onClose} onErased={onErased} />
    </Dialog>
  );
}

function Question({
  person,
  me,
  self,
  onClose,
  onErased,
}: {
  person: User;
  me: Me;
  self: boolean;
  onClose: () => void;
  onErased: () => void;
}) {
  const erase = useErase();
  const { data: members } = useQuery(membersQuery(me.organization.id));
  const heirs = members?.items.filter((member) => member.user_id !== person.id && member.is_active) ?? [];
  const { register, handleSubmit, formState, setError } = useForm<Answers>({
    defaultValues: { address: '', successor: '', password: '', code: '' },
  });
  const { errors } = formState;
  const submit = handleSubmit(async ({ successor, password, code }) => {
    const proof = {
      ...(password && { password }),
      ...(code && { code }),
      ...(successor && { successor_id: successor }),
    };
    try {
      await erase.mutateAsync({ id: person.id, self, proof });
      onErased();
    } catch (error) {
      const problem = error instanceof Problem ? error : undefined;
      for (const [field, pointer] of Object.entries(fields)) {
        const fault = problem?.errors.find((one) => one.pointer === pointer);
        if (fault) return setError(field as keyof Answers, { message: fault.detail });
      }
      if (problem?.code === 'last_owner') return setError('successor', { message: describe(error) });
      setError('root', { message: describe(error) });
    }
  });
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      <div className="grid gap-4 sm:grid-cols-2">
        <Facts
          title={t('Gone for good')}
          facts={[
            t('Name, address, password, second factor, attributes and settings'),
            t('Every session, token, key and invitation, at once'),
            t('Chats, messages, artifacts and files'),
            t('Private agents and servers, and the personal organisation'),
            t('What runs and tool calls said'),
          ]}
        />
        <Facts
          title={t('Stays')}
          facts={[
            t('Agents and servers that others use, with another owner'),
            t('What others copied or were told'),
            t('Figures of runs and costs, under a pseudonym'),
            t('The audit log, under a pseudonym; it still verifies'),
          ]}
        />
      </div>
      {errors.root && <Notice tone="err">{errors.root.message}</Notice>}
      {heirs.length > 0 && (
        <SelectField
          label={t('Who takes over')}
          hint={t('Owns what others use, and the organisation where nobody else does.')}
          error={errors.successor?.message}
          {...register('successor')}
        >
          <option value="">{t('The oldest other owner')}</option>
          {heirs.map((member) => (
            <option key={member.user_id} value={member.user_id}>
              {member.name || member.email}
            </option>
          ))}
        </SelectField>
      )}
      <TextField
        label={t('Type {{email}} to confirm', { email: person.email })}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        error={errors.address?.message}
        {...register('address', {
          validate: (address) =>
            address.trim().toLowerCase() === person.email || t('This is not the address of the account.'),
        })}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label={t('Your password')}
          type="password"
          autoComplete="current-password"
          error={errors.password?.message}
          {...register('password')}
        />
        {me.user.mfa_enabled && (
          <TextField
            label={t('Code')}
            autoComplete="one-time-code"
            className="mono"
            hint={t('Of the app, or a recovery code.')}
            error={errors.code?.message}
            {...register('code', { required: t('Enter a code.') })}
          />
        )}
      </div>
      <div className="mt-1 flex justify-end gap-2">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button type="submit" variant="outline" danger busy={formState.isSubmitting}>
          {self ? t('Erase my account') : t('Erase this person')}
        </Button>
      </div>
    </form>
  );
}

function Facts({ title, facts }: { title: string; facts: string[] }) {
  return (
    <section aria-label={title}>
      <h3 className="label mb-1.5">{title}</h3>
      <ul className="grid list-disc gap-1 pl-4 text-sm text-text-2">
        {facts.map((fact) => (
          <li key={fact}>{fact}</li>
        ))}
      </ul>
    </section>
  );
}
