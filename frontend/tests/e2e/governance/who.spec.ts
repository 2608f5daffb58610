/** Who may use something, what giving it would change, and why somebody may not: before anything is given. */
import { clean } from '../../fixtures/clean';
import { colleague } from '../../fixtures/people';
import { expect, test } from '../../fixtures/test';

test('access says who may and why not, and what a grant would change', async ({
  page,
  api,
  world,
  browser,
  playwright,
}) => {
  test.setTimeout(90_000);
  const { url } = world.server;
  const agent = await (await api.post('/api/agents', { data: { name: 'Cartographer' } })).json();
  await colleague({ api, url, email: 'wanda@example.org', name: 'Wanda Hill' }, playwright, browser);

  await page.goto(`/library/agents/${agent.id}`);
  await page.getByRole('button', { name: 'Access', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Access to Cartographer' });
  await dialog.getByLabel('Give access to').selectOption('Wanda Hill (wanda@example.org)');
  await expect(dialog.getByText('This would let in 1 more.')).toBeVisible();
  await dialog.getByText('Names', { exact: true }).click();
  await expect(dialog.getByText('a grant gives execute')).toBeVisible();
  await clean(page);

  await dialog.getByRole('button', { name: 'Who may, and why not' }).click();
  const list = dialog.getByRole('list', { name: 'Who may' });
  await expect(list.getByRole('listitem').filter({ hasText: 'Wanda Hill' })).toContainText('May not');
  await dialog.getByRole('button', { name: 'Give access' }).click();
  await dialog.getByLabel('To do what').selectOption('See and use');
  await expect(list.getByRole('listitem').filter({ hasText: 'Wanda Hill' })).toContainText(
    'a grant gives execute',
  );
  await dialog.getByLabel('Name or address').fill('nobody of this name');
  await dialog.getByRole('button', { name: 'Search' }).click();
  await expect(dialog.getByText('Nobody is like that.')).toBeVisible();

  // The same of one person, on the page of policies.
  await page.goto('/governance/policies/new');
  const explain = page.getByRole('region', { name: 'Explain' });
  await explain.getByLabel('Who').selectOption('Wanda Hill');
  await explain.getByLabel('About').selectOption('Cartographer');
  await expect(explain.getByLabel('Does')).toHaveValue('agent.read');
});
