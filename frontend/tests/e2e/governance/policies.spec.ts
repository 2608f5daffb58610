/** Policies on the page: written, explained and held against the past before they count. */
import { expect, test } from '../../fixtures/test';

test('governance: a draft is explained and backtested, then it decides', async ({ page, api, guard }) => {
  guard.allow(/422/);
  const me = await (await api.get('/api/auth/me')).json();
  const policies = `/api/v1/orgs/${me.organization.id}/policies`;
  await page.goto('/');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Governance' }).click();
  await expect(page.getByRole('heading', { name: 'Policies', level: 1 })).toBeVisible();
  await expect(page.getByText('No policies of your own yet')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Built-in policies' }).getByRole('listitem')).toHaveCount(5);

  await page.getByRole('button', { name: 'New policy' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Large amounts');
  await page.getByRole('textbox', { name: 'Target' }).fill('tool:erp/*');
  await page.getByRole('button', { name: 'Add a condition' }).click();
  await page.getByRole('menuitem', { name: 'An argument is at least' }).click();
  await expect(page.getByRole('textbox', { name: 'Only when' })).toHaveValue(/"at_least": 10000/);

  // The draft is asked although nothing is stored.
  await page.getByRole('textbox', { name: 'On', exact: true }).fill('tool:erp/post');
  await page.getByRole('textbox', { name: 'Arguments', exact: true }).fill('{ "amount": 14820 }');
  await page.getByRole('button', { name: 'What would be decided?' }).click();
  const explain = page.getByRole('region', { name: 'Explain' });
  await expect(explain.getByText('Denied', { exact: true })).toBeVisible();
  await expect(explain.getByText('Without this draft: Allow.')).toBeVisible();
  await expect(explain.getByRole('listitem').last()).toContainText('Large amounts');
  expect((await (await api.get(policies)).json()).items).toHaveLength(5);

  await page.getByRole('region', { name: 'Backtest' }).getByRole('button', { name: 'Run' }).click();
  await expect(page.getByText('Nothing would have come out otherwise')).toBeVisible();

  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name: 'Large amounts' })).toBeVisible();
  await expect(page).toHaveURL(/\/governance\/policies\/[0-9a-f-]{36}$/);
  const asked = await api.post(`${policies}/evaluate`, {
    data: { action: 'tool.invoke', target: 'tool:erp/post', arguments: { amount: 14820 } },
  });
  expect((await asked.json()).effect).toBe('deny');

  // What cannot be read stays on the page with its fault.
  await page.getByRole('combobox', { name: 'Action' }).fill('tool.fly');
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText(/no action "tool.fly"/).first()).toBeVisible();
  await page.getByRole('combobox', { name: 'Action' }).fill('tool.invoke');
  await page.getByRole('textbox', { name: 'Only when' }).fill('{');
  await expect(page.getByRole('button', { name: 'Publish' })).toBeDisabled();

  page.on('dialog', (dialog) => dialog.accept());
  await page.goto('/governance/policies');
  const row = page
    .getByRole('list', { name: 'Policies of this organisation' })
    .getByRole('listitem')
    .filter({ hasText: 'Large amounts' });
  await row.getByRole('button', { name: 'Switch off' }).click();
  await expect(row.getByText('Off', { exact: true })).toBeVisible();
  await row.getByRole('link').click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No policies of your own yet')).toBeVisible();
});
