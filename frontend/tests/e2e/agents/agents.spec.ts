/** Agents: found, made, changed, tried, brought back, copied, deleted. */
import { expect, test } from '../../fixtures/test';

test('agents: the library lists official ones, searches, filters, and changes its view', async ({ page }) => {
  await page.goto('/library/agents');
  const list = page.getByRole('region', { name: 'Agents' });
  const cards = list.getByRole('article');
  await expect(cards.first()).toBeVisible();
  const all = await cards.count();
  expect(all).toBeGreaterThan(1);
  const name = (await cards.first().getByRole('heading').textContent()) ?? '';

  await page.getByRole('searchbox', { name: 'Search agents' }).fill(name);
  await expect(list.getByRole('heading', { name })).toBeVisible();
  await page.getByRole('searchbox', { name: 'Search agents' }).fill('no agent has such a name');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await expect(cards).toHaveCount(all);

  await page.getByRole('radio', { name: 'Official' }).click();
  for (const card of await cards.all()) await expect(card).toContainText('Official');
  await page.getByRole('radio', { name: 'List' }).click();
  await page.reload();
  await expect(page.getByRole('radio', { name: 'List' })).toBeChecked();
});

test('agents: create, find the mistakes, save, edit, go back a version', async ({
  page,
  api,
  scripted: _provider,
}) => {
  const name = `Tide keeper ${Date.now()}`;
  await page.goto('/library/agents/new');
  await page.getByRole('button', { name: 'Create agent' }).click();
  await expect(page.getByText('An agent needs a name.')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Name' })).toBeFocused();

  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('textbox', { name: 'Description' }).fill('Knows the tides.');
  await page.getByRole('textbox', { name: 'Tags' }).fill('Sea');
  await page.getByRole('textbox', { name: 'Tags' }).press('Enter');
  await page.getByRole('combobox', { name: 'Model' }).selectOption('gpt-4o');
  await page.getByRole('textbox', { name: 'System prompt' }).fill('You keep **tides**.');
  await page.getByRole('radio', { name: 'Preview' }).click();
  await expect(page.locator('strong', { hasText: 'tides' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Longest answer' }).fill('0');
  await page.getByRole('button', { name: 'Create agent' }).click();
  await expect(page.getByText('Between 1 and 1,000,000.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Longest answer' }).fill('2000');
  await page.getByRole('checkbox', { name: /create_artifact|Create artifact/i }).check();
  await page.getByRole('button', { name: 'Create agent' }).click();

  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  expect(await (await api.get(`/api/agents/${id}`)).json()).toMatchObject({
    name,
    description: 'Knows the tides.',
    tags: ['sea'],
    model: 'gpt-4o',
    max_tokens: 2000,
    tools: ['create_artifact'],
    current_version: 1,
  });

  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'System prompt' }).fill('You keep high tides.');
  await page.getByRole('button', { name: 'Save agent' }).click();
  await expect(page.getByText('Saved as version 2')).toBeVisible();
  await expect(page.getByText('You keep high tides.')).toBeVisible();

  await page.getByRole('tab', { name: 'Versions' }).click();
  await expect(page.getByText('in force')).toBeVisible();
  await page.getByRole('button', { name: 'Show changes' }).first().click();
  await expect(page.getByText('+ You keep high tides.')).toBeVisible();
  await page.getByRole('button', { name: 'Go back to it' }).first().click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Go back' }).click();
  await expect(page.getByText('Version 3 is in force')).toBeVisible();
  expect((await (await api.get(`/api/agents/${id}`)).json()).system_prompt).toBe('You keep **tides**.');
});

test('agents: a stale edit is refused, and the words stay', async ({ page, api, guard }) => {
  guard.allow(/412/);
  const made = await (
    await api.post('/api/agents', { data: { name: `Stale ${Date.now()}`, system_prompt: 'One.' } })
  ).json();
  await page.goto(`/library/agents/${made.id}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'System prompt' }).fill('Mine.');
  const theirs = await api.put(`/api/agents/${made.id}`, { data: { system_prompt: 'Theirs.' } });
  expect(theirs.ok(), await theirs.text()).toBe(true);
  await page.getByRole('button', { name: 'Save agent' }).click();
  await expect(page.getByRole('alert')).toContainText('Someone else changed this agent meanwhile.');
  await expect(page.getByRole('textbox', { name: 'System prompt' })).toHaveValue('Mine.');
});

test('agents: a test run is shown as it happens', async ({ page, api, scripted }) => {
  scripted.on('When is low tide?', [{ text: 'Low tide is at **nine**.' }]);
  const made = await (
    await api.post('/api/agents', { data: { name: `Tested ${Date.now()}`, model: 'gpt-4o' } })
  ).json();
  await page.goto(`/library/agents/${made.id}`);
  await page.getByRole('tab', { name: 'Test' }).click();
  await page.getByRole('textbox', { name: 'Sample input' }).fill('When is low tide?');
  await page.getByRole('button', { name: 'Run test' }).click();
  const result = page.getByRole('region', { name: 'Test run' });
  await expect(result).toContainText('Low tide is at nine.');
  await expect(result.getByRole('status')).toHaveText('Done');
  await result.getByRole('link', { name: 'Timeline' }).click();
  await expect(page).toHaveURL(/\/runs\//);
});

test('agents: clone an official one, try it in a chat, delete the clone', async ({ page, scripted }) => {
  scripted.on('hello', [{ text: 'Hello from the clone.' }]);
  await page.goto('/library/agents');
  await page.getByRole('radio', { name: 'Official' }).click();
  const card = page.getByRole('region', { name: 'Agents' }).getByRole('article').first();
  await card.getByRole('button', { name: /^Clone/ }).click();
  await expect(page).toHaveURL(/\/library\/agents\/[0-9a-f-]{36}/);
  await expect(page.getByRole('button', { name: 'Edit' })).toBeVisible();
  const title = (await page.getByRole('heading', { level: 1 }).textContent()) ?? '';
  const address = page.url();

  await page.getByRole('link', { name: 'Try it' }).click();
  await expect(page.getByRole('textbox', { name: 'Message', exact: true })).toBeVisible();
  await expect(page.getByRole('main')).toContainText(title);

  await page.goto(address);
  await page.getByRole('button', { name: 'More about this agent' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  const question = page.getByRole('alertdialog');
  await expect(question).toContainText(`Delete ${title}?`);
  await question.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
  await page.getByRole('button', { name: 'More about this agent' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await question.getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/library\/agents$/);
  await expect(page.getByText(`${title} was deleted`)).toBeVisible();
});

test('agents: one that does not exist says so', async ({ page, guard }) => {
  guard.allow(/404/);
  await page.goto('/library/agents/00000000-0000-7000-8000-000000000000');
  await expect(page.getByRole('alert')).toContainText('This agent could not be loaded');
});
