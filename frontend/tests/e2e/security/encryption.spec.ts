/** The keys of secrets: seen and rotated by an administrator of the platform. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('an administrator rotates the keys of secrets and sees how it stands', async ({ page, api }) => {
  const key = { provider: 'openai', key_name: 'Rotated', api_key: 'sk-rotated-0123456789' };
  const entered = await api.post('/api/settings/api-keys', { data: key });
  expect(entered.status(), await entered.text()).toBe(201);
  await page.goto('/settings/encryption');
  await expect(page.getByText('File or environment')).toBeVisible();
  await expect(page.getByText(/under the current key/)).toBeVisible();
  await clean(page);
  await page.screenshot({ path: 'test-results/encryption.png' });
  await page.getByRole('button', { name: 'Rotate keys' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Rotate keys' }).click();
  await expect(page.getByRole('alertdialog')).toBeHidden();
  await expect(page.getByText(/secrets moved|All moved/)).toBeVisible();
  await page.screenshot({ path: 'test-results/encryption-running.png' });
  await expect(page.getByRole('button', { name: 'Rotate keys' })).toBeDisabled();
  // Nobody after this asks a model with it.
  const removed = await api.delete(`/api/settings/api-keys/${(await entered.json()).id}`);
  expect(removed.status(), await removed.text()).toBe(204);
});
