/** A local program starts only after an administrator saw its exact command line. */
import { everythingScript } from '../../fixtures/everything';
import { Provider } from '../../fixtures/provider';
import { ConductorServer } from '../../fixtures/server';
import { test as base, expect } from '../../fixtures/test';

const test = base.extend<object, { world: { provider: Provider; server: ConductorServer } }>({
  world: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a function needs from its pattern
    async ({}, use) => {
      const provider = await Provider.start();
      const server = await ConductorServer.start({
        OPENAI_BASE_URL: provider.url,
        OPENAI_API_KEY: 'sk-scripted',
        CONDUCTOR_MCP_STDIO: 'on',
      });
      await use({ provider, server });
      await server.stop();
      await provider.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
});

test('UX-21: the exact command line is shown, and nothing starts before it is confirmed', async ({
  page,
  api,
}) => {
  await page.goto('/servers');
  await page.getByRole('button', { name: 'Add server' }).first().click();
  const wizard = page.getByRole('dialog', { name: 'Add a server' });
  await wizard.getByText('Local program').click();
  await wizard.getByRole('button', { name: 'Continue' }).click();
  await wizard.getByRole('textbox', { name: 'Name' }).fill('Local everything');
  await wizard.getByRole('textbox', { name: 'Command' }).fill('node');
  await wizard.getByRole('textbox', { name: 'Arguments' }).fill(`${everythingScript()}\nstdio`);
  await wizard.getByRole('button', { name: 'Continue' }).click();
  await wizard.getByRole('button', { name: 'Add a variable' }).click();
  await wizard.getByRole('textbox', { name: 'Name' }).fill('GREETING');
  await wizard.getByRole('button', { name: 'Save and test' }).click();

  const question = wizard.getByRole('region', { name: 'Confirm the command' });
  await expect(question.locator('pre')).toContainText(`node ${everythingScript()} stdio`);
  const { items } = await (await api.get('/api/mcp/servers')).json();
  const stored = items.find((server: { name: string }) => server.name === 'Local everything');
  expect(stored.command_confirmed).toBe(false);
  expect(stored.health_status).not.toBe('healthy');

  await question.getByRole('button', { name: 'Allow exactly this command' }).click();
  await expect(wizard).toContainText(/\d+ tools found/);
  await wizard.getByRole('button', { name: 'Finish' }).click();
  await wizard.getByRole('link', { name: 'Review its tools' }).click();
  await expect(page.getByText('Healthy')).toBeVisible();

  // Another argument is another command: it has to be confirmed anew.
  await page.getByRole('tab', { name: 'Settings' }).click();
  await page.getByRole('textbox', { name: 'Arguments' }).fill(`${everythingScript()}\nstdio\n--other`);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('region', { name: 'Confirm the command' }).locator('pre')).toContainText(
    '--other',
  );
});
