/** A directory by SCIM: switched on, given a token, its groups given roles; who it brought is seen, and who it took. */
import { test as plain } from '@playwright/test';
import { clean } from '../../fixtures/clean';
import { account, ConductorServer } from '../../fixtures/server';
import { expect } from '../../fixtures/test';

/** As a directory calls. */
async function scim(endpoint: string, token: string, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${endpoint}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/scim+json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, body: (await answer.json().catch(() => null)) as { id: string } };
}

plain('an administrator connects a directory', async ({ browser }, info) => {
  plain.setTimeout(120_000);
  const server = await ConductorServer.start();
  const context = await browser.newContext({ baseURL: server.url });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  const shot = (name: string) => page.screenshot({ path: info.outputPath(`${name}.png`), fullPage: true });
  try {
    await page.goto(server.setupLink);
    await page.getByLabel('Your name').fill(account.name);
    await page.getByLabel('Organisation').fill(account.organization_name);
    await page.getByLabel('E-mail').fill(account.email);
    await page.getByLabel('Password').fill(account.password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByRole('heading', { name: /Robin/ })).toBeVisible();

    await page.goto('/settings/provisioning');
    const power = page.getByRole('switch', { name: 'Provision this organisation from a directory' });
    await expect(power).not.toBeChecked();
    await expect(page.getByRole('textbox', { name: 'Endpoint' })).toHaveCount(0);
    await clean(page);
    await shot('off');
    await power.click();
    const endpoint = await page.getByRole('textbox', { name: 'Endpoint' }).inputValue();
    expect(endpoint).toBe(`${server.url}/scim/v2`);
    await expect(page.getByText('No tokens yet')).toBeVisible();
    await expect(page.getByText('No groups yet')).toBeVisible();

    await page.getByRole('button', { name: 'New token' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('Company directory');
    // There is nothing to choose: it provisions and does nothing else.
    await expect(dialog.getByText('What it may do')).toHaveCount(0);
    await dialog.getByLabel('Works for').selectOption({ label: '90 days' });
    await dialog.getByRole('button', { name: 'Create token' }).click();
    const token = await dialog.getByLabel('Token', { exact: true }).inputValue();
    await dialog.getByRole('button', { name: 'Done' }).click();

    const grace = await scim(endpoint, token, 'POST', '/Users', {
      userName: 'grace@example.com',
      displayName: 'Grace Hopper',
    });
    expect(grace.status).toBe(201);
    const group = { displayName: 'Platform engineers', members: [{ value: grace.body.id }] };
    expect((await scim(endpoint, token, 'POST', '/Groups', group)).status).toBe(201);
    expect((await scim(endpoint, token, 'POST', '/Groups', { displayName: 'Everyone' })).status).toBe(201);

    await page.getByRole('button', { name: 'Refresh' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'Platform engineers' });
    await expect(row).toContainText('brings no role');
    await page.getByRole('button', { name: 'Add group' }).click();
    await page.getByLabel('Group', { exact: true }).fill('Platform engineers');
    await page.getByLabel('Role', { exact: true }).selectOption('admin');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(row).toContainText('Admin');
    await clean(page);
    await shot('on');
    await page.emulateMedia({ colorScheme: 'dark' });
    await clean(page);
    await shot('on-dark');
    await page.setViewportSize({ width: 390, height: 844 });
    await shot('on-narrow');
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: 'light' });

    await page.getByRole('link', { name: '1 person' }).click();
    const member = page.getByRole('listitem').filter({ hasText: 'Grace Hopper' });
    await expect(member).toContainText('Provisioned');
    await expect(member.getByRole('combobox')).toHaveValue('admin');
    await clean(page);
    await shot('members');
    const off = { Operations: [{ op: 'replace', path: 'active', value: false }] };
    expect((await scim(endpoint, token, 'PATCH', `/Users/${grace.body.id}`, off)).status).toBe(200);
    await page.reload();
    await expect(member).toContainText('Suspended');

    await page.goto('/settings/provisioning');
    await expect(page.getByText(/used /)).toBeVisible();
    await power.click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Stop' }).click();
    await expect(power).not.toBeChecked();
    expect((await scim(endpoint, token, 'GET', '/Users')).status).toBe(401);
    // What was brought stays, and is still shown.
    await expect(page.getByRole('link', { name: '1 person' })).toBeVisible();
    expect(faults).toEqual([]);
  } finally {
    await context.close();
    await server.stop();
  }
});
