/** Taking away what is one's own, on the page: asked for by password, a file with a line for each row. */
import { readFile } from 'node:fs/promises';
import { clean } from '../../fixtures/clean';
import { colleague, password } from '../../fixtures/people';
import { expect, test } from '../../fixtures/test';

test('a person downloads what is theirs', async ({ api, world, browser, playwright }) => {
  const { url } = world.server;
  const email = 'mine@example.org';
  const theirs = await colleague({ api, url, email, name: 'Mina Own' }, playwright, browser);
  await theirs.goto('/settings/profile');
  await theirs.getByRole('button', { name: 'Download my data' }).click();
  const dialog = theirs.getByRole('dialog', { name: 'Download your data?' });
  await clean(theirs);
  await dialog.getByLabel('Your password').fill('not my password at all');
  await dialog.getByRole('button', { name: 'Download' }).click();
  await expect(dialog.getByLabel('Your password')).toHaveAttribute('aria-invalid', 'true');

  await dialog.getByLabel('Your password').fill(password);
  const download = theirs.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Download' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^my-data-\d{4}-\d\d-\d\d\.jsonl$/);
  await expect(dialog).toBeHidden();
  const text = await readFile(await file.path(), 'utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0].email).toBe(email);
  expect(lines.at(-1)).toEqual({ complete: true });
  expect(lines.find(({ table }) => table === 'users').row.name).toBe('Mina Own');
  expect(text).not.toContain('argon2');
  await theirs.context().close();
});
