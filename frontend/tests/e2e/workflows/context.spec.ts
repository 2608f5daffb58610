/** What the organisation says for all its workflows: written on the page, told where it is wrong, there after a reload. */
import { expect, test } from '../../fixtures/test';

test('an administrator says what workflows read as context', async ({ page, guard }) => {
  // It is told what is wrong, and browsers write such answers to the console.
  guard.allow(/422/);
  await page.goto('/settings/workflow-context');
  const values = page.getByLabel('Values');
  await values.fill('{ "company": ');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Write an object in JSON')).toBeVisible();
  await values.fill('{ "run": { "id": 1 }, "company": { "city": "Ulm" } }');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('context.run is what each run says of itself')).toBeVisible();
  await values.fill('{ "company": { "city": "Ulm" } }');
  await expect(page.getByText('{{context.company.city}}')).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved')).toBeVisible();
  await page.reload();
  await expect(values).toHaveValue(/"city": "Ulm"/);
  await values.fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('{{context.company.city}}')).toBeHidden();
  await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
});
