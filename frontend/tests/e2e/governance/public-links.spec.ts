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
