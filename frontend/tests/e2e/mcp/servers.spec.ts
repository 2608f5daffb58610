/** UX-21: from nothing to a tested server whose tools are known, reviewed and called; and what happens when it fails. */
import type { Page } from '@playwright/test';
import { Everything } from '../../fixtures/everything';
import { test as base, expect } from '../../fixtures/test';

const test = base.extend<{ everything: Everything }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a function needs from its pattern
  everything: async ({}, use) => {
    const everything = await Everything.start();
    await use(everything);
    await everything.stop();
  },
});

/** Fills the wizard up to the test. */
async function add(page: Page, name: string, address: string): Promise<void> {
  await page.goto('/servers');
  await page.getByRole('button', { name: 'Add server' }).first().click();
  const wizard = page.getByRole('dialog', { name: 'Add a server' });
  await wizard.getByRole('radio', { name: /Streamable HTTP/ }).check({ force: true });
  await wizard.getByRole('button', { name: 'Continue' }).click();
  await wizard.getByRole('button', { name: 'Continue' }).click();
  await expect(wizard.getByText('Give the server a name.')).toBeVisible();
  await wizard.getByRole('textbox', { name: 'Name' }).fill(name);
  await wizard.getByRole('textbox', { name: 'Address' }).fill(address);
  await wizard.getByRole('button', { name: 'Continue' }).click();
  await wizard.getByRole('button', { name: 'Save and test' }).click();
}

test('UX-21: the wizard leads to a tested server; a tool is called, recorded, and decided about', async ({
  page,
  api,
  everything,
}) => {
  const name = `Everything ${Date.now()}`;
  await add(page, name, everything.url);
  const wizard = page.getByRole('dialog', { name: 'Add a server' });
  await expect(wizard).toContainText(/\d+ tools found/);
  await expect(wizard.getByRole('region', { name: 'Discovered tools' })).toContainText('echo');
  await wizard.getByRole('button', { name: 'Finish' }).click();
  await wizard.getByRole('link', { name: 'Review its tools' }).click();

  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(page.getByText('Healthy')).toBeVisible();
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';

  const echo = page.getByRole('region', { name: 'echo', exact: true });
  await echo.getByRole('button', { name: /^echo/ }).click();
  const reads = echo.getByRole('switch', { name: 'Only reads' });
  if (!(await reads.isChecked())) await reads.click();
  await expect(reads).toBeChecked();
  await echo.getByRole('button', { name: 'Call the tool' }).click();
  await expect(echo.getByText('This is needed.')).toBeVisible();
  await echo.getByRole('textbox', { name: 'message' }).fill('harbour');
  await echo.getByRole('button', { name: 'Call the tool' }).click();
  const answer = echo.getByRole('region', { name: 'Answer' });
  await expect(answer).toContainText('Done');
  await expect(answer).toContainText('harbour');

  await echo.getByRole('radio', { name: 'Input schema' }).click();
  await expect(echo).toContainText('"message"');

  await echo.getByRole('switch', { name: 'Ask a person first' }).click();
  await expect(echo.getByRole('switch', { name: 'Ask a person first' })).toBeChecked();
  await echo.getByRole('switch', { name: 'May be called' }).click();
  await expect(echo.getByRole('switch', { name: 'May be called' })).not.toBeChecked();
  const { items } = await (await api.get(`/api/mcp/servers/${id}/tools?limit=100`)).json();
  expect(items.find((tool: { name: string }) => tool.name === 'echo')).toMatchObject({
    enabled: false,
    read_only: true,
    approval: 'ask',
  });

  await page.getByRole('tab', { name: /Calls/ }).click();
  await expect(page.getByRole('row', { name: /echo/ })).toContainText('Done');
  await page.getByRole('tab', { name: /Resources/ }).click();
  await page.getByRole('button', { name: 'Read', exact: true }).first().click();
  await expect(page.getByRole('tabpanel').getByRole('alert')).toHaveCount(0);

  await page.getByRole('tab', { name: 'Settings' }).click();
  await page.getByRole('textbox', { name: 'Description' }).fill('The reference server.');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('main')).toContainText('The reference server.');

  await page.getByRole('button', { name: 'More about this server' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/servers$/);
  await expect(page.getByText(`${name} was deleted`)).toBeVisible();
  expect((await api.get(`/api/mcp/servers/${id}`)).status()).toBe(404);
});

test('UX-21: a server that does not answer says why; a corrected address works', async ({
  page,
  guard,
  everything,
}) => {
  guard.allow(/40\d|422|50\d/);
  const dead = new URL(everything.url);
  dead.port = '9';
  await add(page, `Late ${Date.now()}`, dead.href);
  const wizard = page.getByRole('dialog', { name: 'Add a server' });
  await expect(wizard.getByRole('alert')).toBeVisible();
  await expect(wizard.getByRole('button', { name: 'Test again' })).toBeVisible();
  await wizard.getByRole('button', { name: 'Back' }).click();
  await wizard.getByRole('button', { name: 'Back' }).click();
  await wizard.getByRole('textbox', { name: 'Address' }).fill(everything.url);
  await wizard.getByRole('button', { name: 'Continue' }).click();
  await wizard.getByRole('button', { name: 'Save and test' }).click();
  await expect(wizard).toContainText(/\d+ tools found/);
  await wizard.getByRole('button', { name: 'Remove it again' }).click();
  await expect(wizard).toHaveCount(0);
});

test('UX-21: the agent builder offers the tools of a server one by one', async ({
  page,
  api,
  everything,
}) => {
  const server = await (
    await api.post('/api/mcp/servers', {
      data: { name: `Tools ${Date.now()}`, transport: 'http', endpoint: everything.url },
    })
  ).json();
  expect((await (await api.post(`/api/mcp/servers/${server.id}/connect`, { data: {} })).json()).ok).toBe(
    true,
  );
  await api.post(`/api/mcp/servers/${server.id}/discover`, { data: {} });

  await page.goto('/library/agents/new');
  await page.getByRole('textbox', { name: 'Name' }).fill(`Clerk ${Date.now()}`);
  const section = page.getByRole('region', { name: server.name });
  await section.getByRole('checkbox', { name: server.name }).check();
  await section.getByRole('checkbox', { name: /^All tools/ }).uncheck();
  await section.getByRole('checkbox', { name: /^echo/i }).check();
  await page.getByRole('button', { name: 'Create agent' }).click();
  await expect(page.getByRole('heading', { level: 1, name: /^Clerk/ })).toBeVisible();
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const agent = await (await api.get(`/api/agents/${id}`)).json();
  expect(agent.mcp_servers).toMatchObject([{ server_id: server.id, allowed_tools: ['echo'] }]);
  await page.getByRole('tab', { name: 'Tools' }).click();
  await expect(page.getByRole('tabpanel')).toContainText('echo');
});
