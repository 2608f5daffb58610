/** Others start a workflow: a webhook is added, gets its secret, takes a delivery, and tells what came of it. */
import { createHmac } from 'node:crypto';
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('workflows: a webhook is added, its secret is shown once, and a signed delivery starts a run', async ({
  page,
  api,
}) => {
  test.setTimeout(120_000);
  const name = `bell-${Date.now()}`;
  const answer = await api.post('/api/workflows', { data: { name, title: 'Bell' } });
  expect(answer.status(), await answer.text()).toBe(201);
  const { id } = await answer.json();
  await page.goto(`/workflows/${id}`);
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await inspector.getByRole('button', { name: 'Add a webhook' }).click();
  const webhook = inspector.getByRole('group', { name: 'Webhook' });
  await expect(webhook.getByText('It has an address once the workflow is saved.')).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();

  const address = await webhook.getByLabel('Address', { exact: true }).inputValue();
  expect(address).toMatch(/^http.*\/api\/hooks\/[0-9a-f-]{36}$/);
  await expect(webhook.getByText('It has no secret yet')).toBeVisible();
  await webhook.getByRole('button', { name: 'Make the secret' }).click();
  const secret = await webhook.getByLabel('Secret', { exact: true }).inputValue();
  expect(secret).toMatch(/^whsec_/);
  await webhook.getByText('Deliver from a command line').click();
  expect(await webhook.getByLabel('Example', { exact: true }).inputValue()).toContain(address);
  await clean(page);

  const at = String(Math.floor(Date.now() / 1000));
  const body = '{"rung":true}';
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const signature = createHmac('sha256', key).update(`msg_1.${at}.${body}`).digest('base64');
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` };
  const delivered = await api.post(address, {
    headers: { ...headers, 'content-type': 'application/json' },
    data: Buffer.from(body),
  });
  expect(delivered.status(), await delivered.text()).toBe(202);
  const { run_id } = await delivered.json();

  await page.reload();
  await expect(webhook.getByText(/^Last delivery: /)).toBeVisible();
  await expect(webhook.getByLabel('Secret', { exact: true })).toHaveCount(0);
  await expect(webhook.getByText(/^Its secret was made on /)).toBeVisible();
  await expect(webhook.getByRole('link', { name: 'The last run that it started' })).toHaveAttribute(
    'href',
    `/runs/${run_id}`,
  );
  await webhook.getByRole('button', { name: 'Replace the secret' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Replace' }).click();
  await expect(webhook.getByLabel('Secret', { exact: true })).not.toHaveValue(secret);
  await webhook.getByRole('button', { name: 'Remove the webhook' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(inspector.getByText('It has no webhook.')).toBeVisible();
});
