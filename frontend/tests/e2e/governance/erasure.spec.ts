/** Erasure of people on the page: by an administrator, and by themselves. */
import { clean } from '../../fixtures/clean';
import { colleague, password } from '../../fixtures/people';
import { account } from '../../fixtures/server';
import { expect, test } from '../../fixtures/test';

test('an administrator erases a person, who is out at once and leaves a pseudonym', async ({
  page,
  api,
  world,
  browser,
  playwright,
  guard,
}) => {
  // The refused password is on purpose.
  guard.allow(/422/);
  const { url } = world.server;
  const who = { api, url, email: 'ida@example.org', name: 'Ida Brook' };
  const theirs = await colleague(who, playwright, browser);
  await theirs.goto('/');
  await expect(theirs.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await page.goto('/governance/users');
  const row = page.getByRole('listitem').filter({ hasText: 'ida@example.org' });
  const promoted = page.waitForResponse((answer) => answer.url().includes('/role') && answer.ok());
  await row.getByLabel('Role of Ida Brook').selectOption({ label: 'Power user' });
  await promoted;
  const shared = await theirs.evaluate(async () => {
    const answer = await fetch('/api/agents', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Conductor-CSRF': '1' },
      body: JSON.stringify({ name: 'Archivist', visibility: 'organization' }),
    });
    return (await answer.json()) as { id: string };
  });

  await row.getByRole('button', { name: 'Erase' }).click();
  const dialog = page.getByRole('dialog', { name: 'Erase Ida Brook?' });
  await expect(dialog.getByRole('region', { name: 'Gone for good' })).toContainText('Chats, messages');
  await clean(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/erase.png` });

  // Neither the wrong name nor the wrong password, and what was typed stays.
  const erase = dialog.getByRole('button', { name: 'Erase this person' });
  await dialog.getByLabel('Type ida@example.org to confirm').fill('somebody@example.org');
  await dialog.getByLabel('Your password').fill('not my password at all');
  await erase.click();
  await expect(dialog.getByText('This is not the address of the account.')).toBeVisible();
  await dialog.getByLabel('Type ida@example.org to confirm').fill('ida@example.org');
  await erase.click();
  await expect(dialog.getByLabel('Your password')).toHaveAttribute('aria-invalid', 'true');
  await dialog.getByLabel('Your password').fill(account.password);
  await dialog.getByLabel('Who takes over').selectOption({ label: account.name });
  await erase.click();
  await expect(page.getByText('Ida Brook was erased.')).toBeVisible();
  await expect(row).toHaveCount(0);

  const erased = page.getByRole('region', { name: 'Erased people' });
  await expect(erased.getByText('Nothing is left').first()).toBeVisible();
  await clean(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/erased.png` });

  // She is out, and the page that she still has open says so by itself.
  await expect(theirs).toHaveURL(/\/sign-in/);
  // What others use has another owner, and the log withholds what it said of her.
  await page.goto(`/library/agents/${shared.id}`);
  await expect(page.getByRole('heading', { name: 'Archivist' })).toBeVisible();
  await page.goto('/governance/audit');
  const made = page.getByRole('row').filter({ hasText: 'agent:Archivist' });
  await made.filter({ hasText: 'agent.create' }).click();
  await expect(page.getByRole('dialog')).toContainText('Withheld');
});

test('people erase themselves', async ({ api, world, browser, playwright }) => {
  const { url } = world.server;
  const who = { api, url, email: 'noor@example.org', name: 'Noor Vale' };
  const theirs = await colleague(who, playwright, browser);
  await theirs.goto('/settings/security');
  await theirs.getByRole('button', { name: 'Erase my account' }).click();
  const dialog = theirs.getByRole('dialog', { name: 'Erase your account?' });
  await dialog.getByLabel('Type noor@example.org to confirm').fill('noor@example.org');
  await dialog.getByLabel('Your password').fill(password);
  await dialog.getByRole('button', { name: 'Erase my account' }).click();
  await expect(theirs).toHaveURL(/\/sign-in/);

  await theirs.getByLabel('E-mail').fill('noor@example.org');
  await theirs.getByLabel('Password').fill(password);
  await theirs.getByRole('button', { name: 'Sign in' }).click();
  await expect(theirs.getByText('do not belong together')).toBeVisible();
});
