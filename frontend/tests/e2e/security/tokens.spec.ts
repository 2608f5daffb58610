/** Tokens of an agent and of a service account: issued on the page, used outside, ended on the page. */
import { expect, test } from '../../fixtures/test';

/** An authority of nobody’s, for the form. */
const authority = `-----BEGIN CERTIFICATE-----
MIIBnjCCAUWgAwIBAgIUKALEcwuspwC9xiIc8aI88QvLXXswCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRRXhhbXBsZSBBdXRob3JpdHkwIBcNMjYxMTIzMDQyNDU0WhgP
MjEyNjEwMzAwNDI0NTRaMBwxGjAYBgNVBAMMEUV4YW1wbGUgQXV0aG9yaXR5MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUOFlZv34rs0xnrUlFZoQqRnaLd3Yaa7W
BCc0b3yRFHoQabUKPkAKszP8K0GBjFpER5f0XQfUpF8qQ3L0CrRxvaNjMGEwHQYD
VR0OBBYEFJ24huwUePp75qqJsKGdo5fULc+EMB8GA1UdIwQYMBaAFJ24huwUePp7
5qqJsKGdo5fULc+EMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMAoG
CCqGSM49BAMCA0cAMEQCIHRRyffpGphlK2OG3+cHwzunwJ7a5wy/iHDuc+6ydpQD
AiBOv8zlZy0BUD5ja9/UwETzOPSrAsxA3TE5+vsGkVODGg==
-----END CERTIFICATE-----`;

/** As another system calls: with the token and nothing of the page's. */
async function status(url: string, token: string): Promise<number> {
  const answer = await fetch(`${url}/api/agents`, { headers: { Authorization: `Bearer ${token}` } });
  return answer.status;
}

test('an agent’s token is shown once, works, and stops when it is revoked', async ({ page, api, world }) => {
  const made = await api.post('/api/agents', { data: { name: 'Night worker' } });
  const agent = (await made.json()) as { id: string };
  await page.goto(`/library/agents/${agent.id}`);
  await page.getByRole('tab', { name: 'Tokens' }).click();
  await expect(page.getByText('No tokens yet')).toBeVisible();

  await page.getByRole('button', { name: 'New token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  await expect(dialog.getByText('Say what the token is for.')).toBeVisible();
  await dialog.getByLabel('Name').fill('Nightly report');
  await dialog.getByRole('button', { name: 'Create token' }).click();
  await expect(dialog.getByText('Choose what the token may do.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Agents: read' }).click();
  await expect(dialog.getByRole('button', { name: 'Agents: read' })).toHaveAttribute('aria-pressed', 'true');
  await dialog.getByLabel('Works for').selectOption({ label: '7 days' });
  await dialog.getByRole('button', { name: 'Create token' }).click();
  const token = await dialog.getByLabel('Token', { exact: true }).inputValue();
  expect(token.split('.')).toHaveLength(3);
  await dialog.getByRole('button', { name: 'Done' }).click();

  expect(await status(world.server.url, token)).toBe(200);
  await page.reload();
  await page.getByRole('tab', { name: 'Tokens' }).click();
  const row = page.getByRole('listitem').filter({ hasText: 'Nightly report' });
  await expect(row).toContainText('agent.read');
  await expect(row).toContainText('Active');
  await expect(row).toContainText('used');
  await expect(page.getByText(token)).toHaveCount(0);

  await row.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(row).toContainText('Revoked');
  expect(await status(world.server.url, token)).toBe(401);
  await row.getByRole('button', { name: 'Delete Nightly report' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No tokens yet')).toBeVisible();
});

test('a service account signs in within its allowlist until it is switched off', async ({ page, world }) => {
  await page.goto('/settings/service-accounts');
  await expect(page.getByText('No service accounts yet')).toBeVisible();
  await page.getByRole('button', { name: 'New service account' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Deployment');
  await dialog.getByLabel('What it is for').fill('Ships the site');
  await dialog.getByRole('button', { name: 'Agents: read' }).click();
  await dialog.getByRole('button', { name: 'Tools: invoke' }).click();
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(dialog).toHaveCount(0);

  const row = page.getByRole('listitem').filter({ hasText: 'Deployment' }).first();
  await row.getByRole('button', { name: 'Details and tokens' }).click();
  await expect(row).toContainText('agent.read tool.invoke');
  await row.getByRole('button', { name: 'New token' }).click();
  // Nothing beyond the allowlist is offered.
  await expect(dialog.getByRole('button', { name: 'Agents: read' })).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Agents: delete' })).toHaveCount(0);
  await dialog.getByLabel('Name').fill('Pipeline');
  await dialog.getByRole('button', { name: 'Agents: read' }).click();
  await dialog.getByRole('button', { name: 'Create token' }).click();
  const token = await dialog.getByLabel('Token', { exact: true }).inputValue();
  await dialog.getByRole('button', { name: 'Done' }).click();
  expect(await status(world.server.url, token)).toBe(200);

  await row.getByRole('button', { name: 'Edit' }).click();
  await dialog.getByRole('switch', { name: 'Switched on' }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('Switched off');
  expect(await status(world.server.url, token)).toBe(401);
  await row.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByText('No service accounts yet')).toBeVisible();
});

test('a service account is told to sign in by a certificate, and without authentication in development alone', async ({
  page,
  guard,
}) => {
  guard.allow(/422/);
  await page.goto('/settings/service-accounts');
  await page.getByRole('button', { name: 'New service account' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Certified pipeline');
  await dialog
    .getByLabel('How it signs in')
    .selectOption({ label: 'without authentication (development only)' });
  await dialog.getByLabel('Networks').fill('192.0.2.0/24');
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(dialog.getByText('works in a development environment only')).toBeVisible();
  await dialog.getByLabel('How it signs in').selectOption({ label: 'with a client certificate (mTLS)' });
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(dialog.getByText('Enter the certificate of the authority')).toBeVisible();
  await dialog.getByLabel('Certificate authority (PEM)').fill(authority);
  await dialog.getByText('Where it comes from').click();
  await dialog.getByLabel('Subject').fill('spiffe://example.com/certified');
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await expect(dialog).toHaveCount(0);
  const row = page.getByRole('listitem').filter({ hasText: 'Certified pipeline' }).first();
  await row.getByRole('button', { name: 'Details and tokens' }).click();
  await expect(row).toContainText('with a client certificate (mTLS)');
  await expect(row).toContainText('Sign-in by certificate');
});
