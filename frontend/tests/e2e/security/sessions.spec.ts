/** Where an account is signed in: every browser stands in the list, and one is shown out from another. */
import { clean } from '../../fixtures/clean';
import { colleague, password } from '../../fixtures/people';
import { expect, test } from '../../fixtures/test';

test('a session is ended from another browser, and that one is out at once', async ({
  api,
  world,
  browser,
  playwright,
}) => {
  const { url } = world.server;
  const email = 'sessions@example.org';
  const first = await colleague({ api, url, email, name: 'Sam Twice' }, playwright, browser);
  const context = await browser.newContext({ baseURL: url });
  const second = await context.newPage();
  await second.goto('/sign-in');
  await second.getByLabel('E-mail').fill(email);
  await second.getByLabel('Password').fill(password);
  await second.getByRole('button', { name: 'Sign in' }).click();
  await expect(second.getByRole('navigation', { name: 'Main' })).toBeVisible();

  await first.goto('/settings/security');
  const sessions = first.getByRole('listitem').filter({ hasText: 'since ' });
  await expect(sessions).toHaveCount(2);
  await expect(sessions.filter({ hasText: 'This one' })).toHaveCount(1);
  await expect(sessions.filter({ hasText: /Chrome|Firefox|Safari/ })).not.toHaveCount(0);
  await clean(first);

  // The one that is looked from has no button; the other one goes, and nothing opens with it any more.
  await expect(first.getByRole('button', { name: 'End', exact: true })).toHaveCount(1);
  await first.getByRole('button', { name: 'End', exact: true }).click();
  await expect(sessions).toHaveCount(1);
  expect((await second.request.get('/api/auth/me')).status()).toBe(401);
  expect((await first.request.get('/api/auth/me')).status()).toBe(200);
  await second.goto('/settings/security');
  await expect(second.getByLabel('Password')).toBeVisible();
  await first.context().close();
  await context.close();
});
