/** The first account, sign-in, and the way back. */
import { test as plain } from '@playwright/test';
import { account, ConductorServer } from '../../fixtures/server';
import { expect, test } from '../../fixtures/test';

plain('setup: the printed link makes the first account and opens the chat', async ({ browser }) => {
  const server = await ConductorServer.start();
  const context = await browser.newContext({ baseURL: server.url });
  const page = await context.newPage();
  try {
    await page.goto('/');
    await expect(page).toHaveURL(/\/setup$/);
    await expect(page.getByText('Open the set-up link')).toBeVisible();

    await page.goto(server.setupLink);
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByText('Enter your name.')).toBeVisible();
    await page.getByLabel('Your name').fill(account.name);
    await page.getByLabel('Organisation').fill(account.organization_name);
    await page.getByLabel('E-mail').fill(account.email);
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByRole('alert').getByText('Use at least 12 characters.')).toBeVisible();
    await page.getByLabel('Password').fill(account.password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByRole('heading', { name: /Robin/ })).toBeVisible();
    // Nothing but the demo can answer yet: the page says so and offers a key.
    await expect(page.getByRole('link', { name: 'Add a provider key' })).toBeVisible();

    // The link worked once.
    await context.clearCookies();
    await page.goto(server.setupLink);
    await expect(page.getByText('Already set up')).toBeVisible();
  } finally {
    await context.close();
    await server.stop();
  }
});

test('sign-in: a wrong password says so, the right one returns to the page that was asked for', async ({
  page,
  context,
  guard,
}) => {
  guard.allow(/status of 401/);
  await context.clearCookies();
  await page.goto('/settings/keys');
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByLabel('E-mail').fill(account.email);
  await page.getByLabel('Password').fill('not the password at all');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('do not belong together');
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/settings\/keys$/);
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
});
