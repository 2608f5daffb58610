/** Sets what a model costs from a moment on. What was charged before stays as it was. */
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { describe, Problem } from '@/api/problem';
import { modelsQuery } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { amount } from '../model/budget';
import { type Price, usePutPrice } from '../queries';

type Field =
  | 'model_name'
  | 'provider'
  | 'input_cost_per_1k'
  | 'cached_input_cost_per_1k'
  | 'output_cost_per_1k'
  | 'currency'
  | 'effective_from';

/** Now, as a field for local times writes it. */
function here(now = new Date()): string {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

export function PriceDialog({ from, onClose }: { from: Price | undefined; onClose: () => void }) {
  const [form, setForm] = useState<Record<Field, string>>({
    model_name: from?.model_name ?? '',
    provider: from?.provider ?? '',
    input_cost_per_1k: from?.input_cost_per_1k ?? '',
    cached_input_cost_per_1k: from?.cached_input_cost_per_1k ?? '',
    output_cost_per_1k: from?.output_cost_per_1k ?? '',
    currency: from?.currency ?? 'USD',
    effective_from: here(),
  });
  const [faults, setFaults] = useState<Partial<Record<Field, string>>>({});
  const [problem, setProblem] = useState<unknown>();
  const models = useQuery(modelsQuery).data?.items ?? [];
  const put = usePutPrice();
  const list = useId();
  const field = (name: Field) => ({
    value: form[name],
    error: faults[name],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) =>
      setForm((before) => ({ ...before, [name]: event.target.value })),
  });
  const submit = async () => {
    const found: Partial<Record<Field, string>> = {};
    if (!form.model_name.trim()) found.model_name = t('Which model?');
    for (const name of ['input_cost_per_1k', 'output_cost_per_1k'] as const) {
      if (!amount(form[name])) found[name] = t('An amount, such as 0.003.');
    }
    const cached = form.cached_input_cost_per_1k.trim();
    if (cached && !amount(cached)) found.cached_input_cost_per_1k = t('An amount, such as 0.003.');
    if (!form.effective_from) found.effective_from = t('From when on?');
    setFaults(found);
    setProblem(undefined);
    if (Object.keys(found).length > 0) return;
    try {
      await put.mutateAsync({
        model_name: form.model_name.trim(),
        provider: form.provider.trim(),
        input_cost_per_1k: amount(form.input_cost_per_1k) ?? '',
        cached_input_cost_per_1k: cached ? (amount(cached) ?? '') : null,
        output_cost_per_1k: amount(form.output_cost_per_1k) ?? '',
        currency: form.currency,
        effective_from: new Date(form.effective_from).toISOString(),
      });
      toast.success(t('The price was set'));
      onClose();
    } catch (error) {
      const wrong = error instanceof Problem ? error.errors?.[0] : undefined;
      const name = wrong?.pointer.slice(1) as Field | undefined;
      if (wrong && name && name in form) setFaults({ [name]: wrong.detail });
      else setProblem(error);
    }
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={from ? t('New price for {{model}}', { model: from.model_name }) : t('New price')}
      description={t('It replaces the price that the model has from the same moment on.')}
    >
      <form
        className="grid gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {problem !== undefined && <Notice tone="err">{describe(problem)}</Notice>}
        {!from && (
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField label={t('Model')} list={list} className="mono" {...field('model_name')} />
            <TextField label={t('Provider')} hint={t('For people to read')} {...field('provider')} />
            <datalist id={list}>
              {models.map((model) => (
                <option key={model.id} value={model.id} />
              ))}
            </datalist>
          </div>
        )}
        <div className="grid gap-4 sm:grid-cols-3">
          <TextField
            label={t('1,000 tokens read')}
            inputMode="decimal"
            className="num"
            {...field('input_cost_per_1k')}
          />
          <TextField
            label={t('from a cache')}
            inputMode="decimal"
            className="num"
            placeholder={t('the same')}
            {...field('cached_input_cost_per_1k')}
          />
          <TextField
            label={t('1,000 written')}
            inputMode="decimal"
            className="num"
            {...field('output_cost_per_1k')}
          />
        </div>
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label={t('Currency')} maxLength={3} {...field('currency')} />
          <TextField label={t('From')} type="datetime-local" {...field('effective_from')} />
        </div>
        <div className="flex justify-end gap-2">
          <Button variant="outline" onClick={onClose}>
            {t('Cancel')}
          </Button>
          <Button type="submit" variant="primary" busy={put.isPending}>
            {t('Set the price')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
