/** The second factor, from setting it up to being asked for it; on a server of its own, as it changes the sign-in. */
import { type Locator, type Page, test as plain } from '@playwright/test';
import { clean } from '../../fixtures/clean';
import { account, ConductorServer } from '../../fixtures/server';
import { expect } from '../../fixtures/test';
import { totp } from '../../fixtures/totp';

/** The secret as it stands beside the QR code. */
async function shownSecret(where: Page | Locator): Promise<string> {
  const shown = where.getByText(/^[A-Z2-7]{4}( [A-Z2-7]{4}){7}$/);
  return ((await shown.textContent()) ?? '').replaceAll(' ', '');
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

plain(
  'a second factor is set up by its QR code, asked for at sign-in, and required of others',
  async ({ browser }) => {
    plain.setTimeout(120_000);
    const server = await ConductorServer.start();
    const context = await browser.newContext({ baseURL: server.url });
    const page = await context.newPage();
    try {
      await page.goto(server.setupLink);
      await page.getByLabel('Your name').fill(account.name);
      await page.getByLabel('Organisation').fill(account.organization_name);
      await page.getByLabel('E-mail').fill(account.email);
      await page.getByLabel('Password').fill(account.password);
      await page.getByRole('button', { name: 'Create account' }).click();
      await expect(page.getByRole('heading', { name: /Robin/ })).toBeVisible();

      await page.goto('/settings/security');
      await expect(page.getByText('Whoever learns your password')).toBeVisible();
      await page.getByRole('button', { name: 'Set up' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Password').fill('not the password at all');
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await expect(dialog.getByText('This is not the present password.')).toBeVisible();
      await dialog.getByLabel('Password').fill(account.password);
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await expect(dialog.getByRole('img', { name: 'QR code' })).toBeVisible();
      const secret = await shownSecret(dialog);
      await clean(page);
      await dialog.getByLabel('Code', { exact: true }).fill('000000');
      await dialog.getByRole('button', { name: 'Switch on' }).click();
      await expect(dialog.getByText('The code is wrong or was used before')).toBeVisible();
      await dialog.getByLabel('Code', { exact: true }).fill(totp(secret));
      await dialog.getByRole('button', { name: 'Switch on' }).click();
      await expect(dialog.getByRole('listitem')).toHaveCount(10);
      const recovery = (await dialog.getByRole('listitem').first().textContent()) ?? '';
      await clean(page);
      await dialog.getByRole('button', { name: 'I have kept them' }).click();
      await expect(page.getByText('10 recovery codes are left.')).toBeVisible();
      await clean(page);
      await page.getByRole('switch', { name: 'Members need a second factor' }).click();
      await expect(page.getByRole('switch', { name: 'Members need a second factor' })).toBeChecked();

      // Signing in asks for the code; a recovery code works, once.
      await context.clearCookies();
      await page.goto('/sign-in');
      await signIn(page);
      await expect(page.getByRole('heading', { name: 'Enter your code' })).toBeVisible();
      await clean(page);
      await page.getByLabel('Code').fill('000000');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await expect(page.getByText('This code is wrong')).toBeVisible();
      await page.getByLabel('Code').fill(recovery);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await expect(page.getByRole('heading', { name: /Robin/ })).toBeVisible();
      await page.goto('/settings/security');
      await expect(page.getByText('9 recovery codes are left.')).toBeVisible();

      // A member without one is led to set it up, and comes in then.
      await page.goto('/settings/members');
      await page.getByRole('button', { name: 'Invite' }).click();
      await dialog.getByLabel('E-mail').fill('sam@example.org');
      await dialog.getByRole('button', { name: 'Create invitation' }).click();
      const link = await dialog.getByLabel('Invitation link').inputValue();
      const other = await browser.newContext({ baseURL: server.url });
      const sam = await other.newPage();
      await sam.goto(link);
      await sam.getByLabel('Password').fill(account.password);
      await sam.getByRole('button').last().click();
      await expect(sam).toHaveURL(/\/second-factor$/);
      await expect(sam.getByText('asks its members for a code')).toBeVisible();
      await clean(sam);
      await sam.goto('/library/agents');
      await expect(sam).toHaveURL(/\/second-factor$/);
      await sam.getByLabel('Password').fill(account.password);
      await sam.getByRole('button', { name: 'Continue' }).click();
      const own = await shownSecret(sam);
      await sam.getByLabel('Code', { exact: true }).fill(totp(own));
      await sam.getByRole('button', { name: 'Switch on' }).click();
      await sam.getByRole('button', { name: 'I have kept them' }).click();
      await expect(sam).toHaveURL(/\/$/);
      await other.close();
    } finally {
      await context.close();
      await server.stop();
    }
  },
);
