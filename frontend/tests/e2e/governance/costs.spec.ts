/** Prices, costs and budgets on the page: a price is set, a call is counted, a budget stops the next one. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test.use({ alone: 'costs' });

test('costs: a price, what it came to, and a budget that stops the next call', async ({
  page,
  chat,
  api,
  scripted,
  guard,
}) => {
  // The refusal of the spent budget is on purpose.
  guard.allow(/429/);
  await page.goto('/governance/pricing');
  await expect(page.getByRole('heading', { name: 'Pricing', level: 1 })).toBeVisible();
  const prices = page.getByRole('region', { name: 'Prices of models' });
  await expect(prices.getByRole('row').filter({ hasText: 'claude-sonnet-4-5' })).toContainText('Catalogue');
  await page.getByRole('button', { name: 'New price', exact: true }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Set the price' }).click();
  await expect(dialog.getByText('Which model?')).toBeVisible();
  await dialog.getByLabel('Model', { exact: true }).fill('gpt-4o');
  await dialog.getByLabel('1,000 tokens read').fill('2');
  await dialog.getByLabel('1,000 written').fill('-4');
  await dialog.getByLabel('From', { exact: true }).fill('2026-01-01T00:00');
  await dialog.getByRole('button', { name: 'Set the price' }).click();
  await expect(dialog.getByText('An amount, such as 0.003.')).toBeVisible();
  await dialog.getByLabel('1,000 written').fill('4');
  await dialog.getByRole('button', { name: 'Set the price' }).click();
  await expect(dialog).toBeHidden();
  const row = prices.getByRole('row').filter({ hasText: 'gpt-4o' }).filter({ hasText: 'Administrator' });
  await expect(row).toContainText('$4.00');

  await page.getByRole('link', { name: 'Budgets' }).click();
  await expect(page.getByText('No budgets yet')).toBeVisible();
  await page.getByRole('button', { name: 'New budget' }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('Small');
  await dialog.getByLabel('Limit', { exact: true }).fill('0.000001');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog).toBeHidden();
  const budget = page.getByRole('listitem').filter({ hasText: 'Small' });
  await expect(budget.getByText('Within')).toBeVisible();

  scripted.on('count me', [{ text: 'Counted.' }]);
  await chat.openNew();
  await chat.ask('count me');
  await chat.settled();
  await expect(page.getByText('The budget “Small” is spent, so models')).toBeVisible();
  await chat.ask('count me again');
  await expect(page.getByText('Not sent.')).toContainText('The budget “Small” of 0.000001 USD is spent.');

  await page.goto('/governance/costs');
  const figures = page.getByRole('list', { name: 'In all' });
  await expect(figures.getByRole('listitem').filter({ hasText: 'Calls' })).toContainText('1');
  const plot = page.getByRole('slider', { name: 'Cost over time' });
  await plot.focus();
  await expect(plot).toHaveAttribute('aria-valuetext', /\$.+, 1 call/);
  await page.keyboard.press('ArrowLeft');
  await expect(plot).toHaveAttribute('aria-valuetext', /0 calls/);
  await clean(page);
  await page.getByRole('radio', { name: 'Table' }).click();
  await expect(page.getByRole('region', { name: 'Cost over time' }).getByRole('row').last()).toContainText(
    '$',
  );
  await page
    .getByRole('region', { name: 'By model' })
    .first()
    .getByRole('button', { name: 'gpt-4o' })
    .click();
  await expect(page).toHaveURL(/model=gpt-4o/);
  await page.getByRole('combobox', { name: 'Time' }).selectOption('day');
  await expect(page).toHaveURL(/period=day/);
  await expect(page.getByRole('radio', { name: 'Hours' })).toBeChecked();
  await page.reload();
  await expect(page.getByRole('combobox', { name: 'Model' })).toHaveValue('gpt-4o');
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await expect(page).not.toHaveURL(/model=/);

  await page.goto('/settings/usage');
  await expect(page.getByRole('region', { name: 'Budgets that count what you use' })).toContainText(
    'Spent: calls stop',
  );
  await page.goto('/governance/budgets');
  await clean(page);
  await budget.getByRole('button', { name: 'Actions for Small' }).click();
  await page.getByRole('menuitem', { name: 'Change' }).click();
  await clean(page);
  await dialog.getByLabel('Limit', { exact: true }).fill('1000');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(budget.getByText('Within')).toBeVisible();
  await chat.openNew();
  await chat.ask('count me');
  await chat.settled();

  await page.goto('/governance/budgets');
  await budget.getByRole('button', { name: 'Actions for Small' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No budgets yet')).toBeVisible();
  const me = await (await api.get('/api/auth/me')).json();
  const left = await (await api.get(`/api/v1/orgs/${me.organization.id}/budgets`)).json();
  expect(left.items).toEqual([]);
  // The price goes back to the catalogue's for the tests that follow.
  await api.post('/api/v1/pricing/models', {
    data: {
      model_name: 'gpt-4o',
      input_cost_per_1k: '0.0025',
      output_cost_per_1k: '0.01',
      effective_from: new Date('2026-01-01T00:00').toISOString(),
      is_active: false,
    },
  });
});
