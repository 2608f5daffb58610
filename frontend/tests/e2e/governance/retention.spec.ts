/** How long conversations and runs are kept: chosen on the page, counted before, and asked about where something goes. */
import { expect, test } from '../../fixtures/test';

test('an administrator says for how long runs are kept', async ({ page }) => {
  await page.goto('/settings/retention');
  await expect(page.getByRole('heading', { name: 'Conversations and runs' })).toBeVisible();
  await expect(page.getByLabel('Remove runs')).toHaveValue('');
  await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
  await page.getByLabel('Remove runs').selectOption({ label: 'after 730 days' });
  await expect(page.getByRole('status').filter({ hasText: 'Old enough to go now' })).toContainText('0 runs');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Remove runs')).toHaveValue('730');
  await page.getByLabel('Remove runs').selectOption({ label: 'never' });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
});
