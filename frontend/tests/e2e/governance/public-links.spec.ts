/** Public links on the page: made, read without an account, and taken back. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('a public link is made, opens without an account, and is taken back', async ({
  page,
  api,
  world,
  browser,
}) => {
  const { url } = world.server;
  const made = await api.post('/api/conversations', { data: { title: 'Notes for the public link' } });
  const conversation = await made.json();
  await page.goto(`/c/${conversation.id}`);
  await page.getByRole('button', { name: 'Conversation actions' }).click();
  await page.getByRole('menuitem', { name: 'Access' }).click();
  const dialog = page.getByRole('dialog', { name: 'Access to Notes for the public link' });
  await dialog.getByLabel('Open for').selectOption('1');
  await dialog.getByRole('button', { name: 'Make a public link' }).click();
  const link = await dialog.getByLabel('New link').inputValue();
  expect(link).toContain('/share#');
  await clean(page);

  const nobody = await browser.newContext({ baseURL: url, storageState: { cookies: [], origins: [] } });
  const theirs = await nobody.newPage();
  await theirs.goto(link);
  await expect(theirs.getByRole('heading', { name: 'Notes for the public link' })).toBeVisible();
  await clean(theirs);

  await dialog.getByRole('button', { name: 'Take the link back' }).click();
  await expect(dialog.getByRole('list', { name: 'Open public links' })).toHaveCount(0);
  await theirs.reload();
  await expect(theirs.getByText('This link opens nothing')).toBeVisible();
  await nobody.close();
});

test('a version of an artifact has links of its own', async ({ page, chat, scripted, world, browser }) => {
  const fence = '```markdown id=plan title="Plan to show" type=text\n# The plan\n\nOne step.\n```\n';
  scripted.on('a plan to show', [{ text: `Not for everybody.\n\n${fence}` }]);
  await chat.openNew();
  await chat.ask('Write a plan to show');
  await chat.settled();
  // What the answer cost stands in the menu of the conversation.
  await page.getByRole('button', { name: 'Conversation actions' }).click();
  await expect(page.getByRole('menu').getByText(/^[\d,]+ tokens, \$\d/)).toBeVisible();
  await page.keyboard.press('Escape');
  const panel = page.getByRole('complementary', { name: 'Artifacts' });
  await panel.getByRole('button', { name: 'More about this artifact' }).click();
  await page.getByRole('menuitem', { name: 'Public links' }).click();
  const dialog = page.getByRole('dialog', { name: 'Public links to “Plan to show”' });
  await dialog.getByRole('button', { name: 'Make a public link' }).click();
  await expect(dialog.getByLabel('New link')).toHaveValue(/share#/);
  const link = await dialog.getByLabel('New link').inputValue();
  await clean(page);
  const nobody = await browser.newContext({
    baseURL: world.server.url,
    storageState: { cookies: [], origins: [] },
  });
  const theirs = await nobody.newPage();
  await theirs.goto(link);
  await expect(theirs.getByText('One step.')).toBeVisible();
  await expect(theirs.getByText('Not for everybody.')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Take the link back' }).click();
  await expect(dialog.getByRole('list', { name: 'Open public links' })).toHaveCount(0);
  await theirs.reload();
  await expect(theirs.getByText('This link opens nothing')).toBeVisible();
  await nobody.close();
});
