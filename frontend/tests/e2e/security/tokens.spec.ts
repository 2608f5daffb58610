/** Tokens of an agent and of a service account: issued on the page, used outside, ended on the page. */
import { expect, test } from '../../fixtures/test';

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
