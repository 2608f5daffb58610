/** Sending the audit log on: entered, refused where it cannot be, watched and stopped on the page. */
import { expect, test } from '../../fixtures/test';

test('an administrator enters where the audit log goes, and stops it', async ({ page, guard }) => {
  guard.allow(/422/);
  await page.goto('/settings/log-forwarding');
  await expect(page.getByRole('heading', { name: 'Send the audit log on' })).toBeVisible();
  await page.getByLabel('Address').fill('https://10.1.2.3/in');
  await page.getByLabel('Secret').fill('a-secret-of-this-test-alone');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('This address cannot be used')).toBeVisible();
  await page.getByLabel('Address').fill('https://siem.example.com/in');
  await page.getByRole('switch', { name: 'Switched on' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Entries that wait')).toBeVisible();
  await expect(page.getByText('nothing yet')).toBeVisible();
  await page.getByRole('button', { name: 'Stop sending' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Stop sending' }).click();
  await expect(page.getByText('Entries that wait')).toHaveCount(0);
});
