/** An API is added from its own document, signed in to, and called; its credential is shown to nobody but the API. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test as base, expect } from '../../fixtures/test';

interface Shop {
  url: string;
  /** Path and credential of every request. */
  asked: { path: string; authorization: string | undefined }[];
}

const test = base.extend<{ shop: Shop }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a function needs from its pattern
  shop: async ({}, use) => {
    const asked: Shop['asked'] = [];
    const server: Server = createServer((request, response) => {
      asked.push({ path: request.url ?? '', authorization: request.headers.authorization });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ stock: 12 }));
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const { port } = server.address() as AddressInfo;
    await use({ url: `http://127.0.0.1:${port}/v1`, asked });
    await new Promise((closed) => server.close(closed));
  },
});

const document = `
openapi: 3.0.3
info: { title: Shop }
paths:
  /items/{id}:
    get:
      operationId: find_item
      summary: Finds an item.
      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]
`;

test('an API is imported, tested and called with its credential', async ({ page, api, shop }) => {
  const name = `Shop ${Date.now()}`;
  await page.goto('/servers');
  await page.getByRole('button', { name: 'Add server' }).first().click();
  const wizard = page.getByRole('dialog', { name: 'Add a server' });
  await wizard.getByRole('radio', { name: /^API/ }).check({ force: true });
  await wizard.getByRole('button', { name: 'Continue' }).click();
  await wizard.getByRole('textbox', { name: 'Name' }).fill(name);
  await wizard.getByRole('textbox', { name: 'Address' }).fill(shop.url);
  await wizard.getByRole('button', { name: 'Continue' }).click();
  await expect(wizard.getByText('Describe at least one operation, or allow any request.')).toBeVisible();
  await wizard.getByRole('button', { name: 'Import from OpenAPI' }).click();
  await wizard.getByRole('textbox', { name: 'OpenAPI document' }).fill(document);
  await wizard.getByRole('button', { name: 'Read it' }).click();
  await expect(wizard.getByRole('textbox', { name: 'Endpoint' })).toHaveValue('/items/{id}');
  await wizard.getByRole('button', { name: 'Continue' }).click();
  await wizard.getByLabel('Signing in').selectOption('bearer');
  await wizard.getByLabel('Token', { exact: true }).fill('token-of-the-shop');
  await wizard.getByRole('button', { name: 'Save and test' }).click();
  await expect(wizard.getByRole('region', { name: 'Discovered tools' })).toContainText('find_item');
  await wizard.getByRole('button', { name: 'Finish' }).click();
  await wizard.getByRole('link', { name: 'Review its tools' }).click();

  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'Resources' })).toHaveCount(0);
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const called = await api.post('/api/mcp/execute/tool', {
    data: { server_id: id, tool: 'find_item', arguments: { path: { id: 'a/b' } } },
  });
  expect(await called.text()).toContain('status_code');
  expect(shop.asked.at(-1)).toEqual({ path: '/v1/items/a%2Fb', authorization: 'Bearer token-of-the-shop' });
  const read = await api.get(`/api/mcp/servers/${id}`);
  expect(await read.text()).not.toContain('token-of-the-shop');
});
