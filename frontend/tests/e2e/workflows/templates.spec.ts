/** A workflow begins as a copy of one that ships: looked at, searched, taken, and run. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('workflows: a template is found, taken, and runs', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto('/workflows');
  await page.getByRole('button', { name: 'From a template' }).click();
  const dialog = page.getByRole('dialog', { name: 'Start from a template' });
  const cards = dialog.getByRole('listitem');
  await expect(cards.first()).toBeVisible();
  expect(await cards.count()).toBeGreaterThanOrEqual(20);
  await expect(dialog.getByText('Needs the server shop').first()).toBeVisible();
  const finance = dialog.getByRole('list', { name: 'Templates: Finance' });
  await expect(finance.getByRole('heading', { name: 'Invoice processing' })).toBeVisible();
  await expect(finance.getByRole('heading', { name: 'Research and write' })).toHaveCount(0);
  await clean(page);

  await dialog.getByLabel('Search templates').fill('no such words');
  await expect(dialog.getByText('Nothing matches')).toBeVisible();
  await dialog.getByLabel('Search templates').fill('research');
  await dialog.getByRole('button', { name: 'Use the template Research and write' }).click();

  await expect(page).toHaveURL(/\/workflows\/[0-9a-f-]{36}$/);
  await expect(page.locator('.react-flow__node')).toHaveCount(3);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const run = page.getByRole('dialog', { name: 'Run Research and write' });
  await run.getByRole('textbox', { name: 'question' }).fill('Why are there tides?');
  await run.getByRole('button', { name: 'Run' }).click();
  const panel = page.getByRole('region', { name: 'Run', exact: true });
  await expect(panel.getByText('Done', { exact: true }).first()).toBeVisible({ timeout: 60_000 });
});
