/** Signing in with a real OpenID provider, from entering it to losing what its groups brought. */
import { type BrowserContext, type Page, test as plain } from '@playwright/test';
import { clean } from '../../fixtures/clean';
import { client, OidcProvider } from '../../fixtures/oidc';
import { account, ConductorServer } from '../../fixtures/server';
import { expect } from '../../fixtures/test';

/** From the sign-in page to the provider and back. */
async function through(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Continue with Company login' }).click();
  await page.getByPlaceholder('Enter any login').fill(name);
  await page.getByPlaceholder('and password').fill('anything');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function newPage(context: BrowserContext): Promise<{ page: Page; faults: string[] }> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  return { page, faults };
}

plain('people sign in with a provider that an administrator entered', async ({ browser }) => {
  plain.setTimeout(120_000);
  const server = await ConductorServer.start();
  const provider = await OidcProvider.start(`${server.url}/api/auth/oidc/callback`);
  const admin = await browser.newContext({ baseURL: server.url });
  const guest = await browser.newContext({ baseURL: server.url });
  try {
    const { page, faults } = await newPage(admin);
    await page.goto(server.setupLink);
    await page.getByLabel('Your name').fill(account.name);
    await page.getByLabel('Organisation').fill(account.organization_name);
    await page.getByLabel('E-mail').fill(account.email);
    await page.getByLabel('Password').fill(account.password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByRole('heading', { name: /Robin/ })).toBeVisible();

    await page.goto('/settings/sign-in');
    await expect(page.getByText('No providers yet')).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'Redirect address' })).toHaveValue(
      `${server.url}/api/auth/oidc/callback`,
    );
    await clean(page);
    await page.getByRole('button', { name: 'Add provider' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name', { exact: true }).fill('Company login');
    await dialog.getByLabel('Issuer').fill(`${provider.issuer}/wrong`);
    await dialog.getByLabel('Client ID').fill(client.id);
    await dialog.getByLabel('Client secret').fill(client.secret);
    await dialog.getByLabel('Scopes').fill('email profile groups');
    await dialog.getByRole('switch', { name: 'Let new people in' }).click();
    await dialog.getByRole('switch', { name: 'Sign out there too' }).click();
    await dialog.getByRole('button', { name: 'Add group' }).click();
    await dialog.getByRole('textbox', { name: 'Group', exact: true }).fill('staff');
    await dialog.getByRole('combobox', { name: 'Role' }).selectOption('viewer');
    await clean(page);
    await dialog.getByRole('button', { name: 'Add provider' }).click();
    await expect(dialog.getByText('This provider cannot be used')).toBeVisible();
    await dialog.getByLabel('Issuer').fill(provider.issuer);
    await dialog.getByRole('button', { name: 'Add provider' }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByText(provider.issuer)).toBeVisible();
    await page.screenshot({ path: 'test-results/sign-in-providers.png' });

    const { page: hers, faults: herFaults } = await newPage(guest);
    await hers.goto('/settings/profile');
    await expect(hers.getByRole('link', { name: 'Continue with Company login' })).toBeVisible();
    await clean(hers);
    await hers.screenshot({ path: 'test-results/sign-in-page.png' });
    await through(hers, 'grace');
    await expect(hers).toHaveURL(`${server.url}/settings/profile`);
    await expect(hers.getByText('grace@example.org').first()).toBeVisible();
    await hers.goto('/settings/members');
    await expect(hers.getByText(account.email)).toBeVisible();

    // A callback that comes again, or in another browser, is explained by the sign-in page.
    await page.goto('/api/auth/oidc/callback?code=x&state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
    await expect(page.getByText('did not begin in this browser')).toBeVisible();

    // What the group brought goes with the group.
    provider.groups = [];
    await guest.clearCookies();
    await hers.goto('/sign-in');
    await through(hers, 'grace');
    await expect(hers).toHaveURL(`${server.url}/`);
    await hers.goto('/settings/members');
    await expect(hers.getByText(account.email)).toBeHidden();

    // Signing out goes on to the provider, which knows whom from the token, and comes back from there.
    await hers.goto('/');
    await hers.getByRole('button', { name: /^Account: / }).click();
    await hers.getByRole('menuitem', { name: 'Sign out' }).click();
    await hers.getByRole('button', { name: 'Yes, sign me out' }).click();
    await expect(hers).toHaveURL(`${server.url}/sign-in`);
    // There she has to say anew who she is.
    await hers.getByRole('link', { name: 'Continue with Company login' }).click();
    await expect(hers.getByPlaceholder('Enter any login')).toBeVisible();
    expect([...faults, ...herFaults]).toEqual([]);
  } finally {
    await admin.close();
    await guest.close();
    await provider.stop();
    await server.stop();
  }
});
