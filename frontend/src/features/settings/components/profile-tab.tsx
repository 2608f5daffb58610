/** Name, what the assistant should know about the person, the password, and what is the person's to take away. */
import { useQuery } from '@tanstack/react-query';
import { useForm } from 'react-hook-form';
import { api, type BodyOf } from '@/api/client';
import { describe, Problem } from '@/api/problem';
import { agentOptionsQuery } from '@/api/queries';
import type { Me, User } from '@/api/types';
import { Classification } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { SelectField, TextArea, TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { rememberUser } from '../queries';
import { ExportAccount } from './export-account';
import { Section } from './section';

const save = (change: BodyOf<'put', '/api/auth/profile'>) => api.put('/api/auth/profile', change);

function About({ me }: { me: Me }) {
  const { user } = me;
  const { data: agents } = useQuery(agentOptionsQuery);
  const { register, handleSubmit, formState, reset, setError } = useForm({
    values: {
      name: user.name,
      first_name: user.first_name,
      last_name: user.last_name,
      default_agent_id: user.default_agent_id ?? '',
    },
  });
  const submit = handleSubmit(async (words) => {
    try {
      const stored = await save({ ...words, default_agent_id: words.default_agent_id || null });
      rememberUser(stored);
      reset(undefined, { keepValues: true });
      toast.success(t('Saved.'));
    } catch (error) {
      setError('name', { message: describe(error) });
    }
  });
  return (
    <Section title={t('About you')} lead={user.email}>
      <form className="grid gap-4" onSubmit={submit}>
        <TextField
          label={t('Display name')}
          error={formState.errors.name?.message}
          {...register('name', { required: t('Enter your name.') })}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label={t('First name')} autoComplete="given-name" {...register('first_name')} />
          <TextField label={t('Last name')} autoComplete="family-name" {...register('last_name')} />
        </div>
        <SelectField
          label={t('Agent for new chats')}
          hint={t('Answers when you choose none.')}
          {...register('default_agent_id')}
        >
          <option value="">{t("The organisation's default")}</option>
          {agents?.items.map((agent) => (
            <option key={agent.id} value={agent.id}>
              {agent.name}
            </option>
          ))}
        </SelectField>
        <div className="flex flex-wrap items-center gap-3 text-sm text-text-3">
          <span>{t('Clearance')}</span>
          <Classification level={user.data_clearance_level} />
          <span>{t('Role: {{role}}', { role: t(me.role_in_organization) })}</span>
        </div>
        <Button
          type="submit"
          variant="primary"
          className="justify-self-start"
          busy={formState.isSubmitting}
          disabled={!formState.isDirty}
        >
          {t('Save')}
        </Button>
      </form>
    </Section>
  );
}

function Instructions({ user }: { user: User }) {
  const { register, handleSubmit, formState, reset } = useForm({
    values: { custom_instructions: user.custom_instructions ?? '' },
  });
  const submit = handleSubmit(async (words) => {
    try {
      rememberUser(await save({ custom_instructions: words.custom_instructions || null }));
      reset(undefined, { keepValues: true });
      toast.success(t('Saved.'));
    } catch (error) {
      toast.error(describe(error));
    }
  });
  return (
    <Section title={t('Instructions')} lead={t('Every agent reads this before it answers you.')}>
      <form className="grid gap-4" onSubmit={submit}>
        <TextArea
          label={t('What agents should know about you')}
          rows={5}
          placeholder={t('For example: answer briefly, use metric units, I work in procurement.')}
          {...register('custom_instructions')}
        />
        <Button
          type="submit"
          variant="outline"
          className="justify-self-start"
          busy={formState.isSubmitting}
          disabled={!formState.isDirty}
        >
          {t('Save instructions')}
        </Button>
      </form>
    </Section>
  );
}

function Password() {
  const { register, handleSubmit, formState, reset, setError } = useForm({
    defaultValues: { current_password: '', new_password: '' },
  });
  const submit = handleSubmit(async (words) => {
    try {
      await save(words);
      reset();
      toast.success(t('Password changed.'));
    } catch (error) {
      const field =
        error instanceof Problem && error.fieldError('new_password') ? 'new_password' : 'current_password';
      setError(field, { message: describe(error) });
    }
  });
  return (
    <Section title={t('Password')} lead={t('Every other session ends when it changes.')}>
      <form className="grid gap-4" onSubmit={submit}>
        <TextField
          label={t('Current password')}
          type="password"
          autoComplete="current-password"
          error={formState.errors.current_password?.message}
          {...register('current_password', { required: t('Enter your current password.') })}
        />
        <TextField
          label={t('New password')}
          type="password"
          autoComplete="new-password"
          hint={t('At least 12 characters.')}
          error={formState.errors.new_password?.message}
          {...register('new_password', {
            minLength: { value: 12, message: t('Use at least 12 characters.') },
          })}
        />
        <Button type="submit" variant="outline" className="justify-self-start" busy={formState.isSubmitting}>
          {t('Change password')}
        </Button>
      </form>
    </Section>
  );
}

export function ProfileTab({ me }: { me: Me }) {
  return (
    <div>
      <About me={me} />
      <Instructions user={me.user} />
      <Password />
      <Section title={t('Your data')} lead={t('What is yours, as a file that programs can read.')}>
        <ExportAccount me={me} />
      </Section>
    </div>
  );
}
