/** What people say of a workflow: tags that find it, and stars of those who did not make it. */
import { clean } from '../../fixtures/clean';
import { colleague } from '../../fixtures/people';
import { expect, test } from '../../fixtures/test';

test('workflows: one is found by its tags, and rated by those who use it', async ({
  page,
  api,
  world,
  playwright,
  browser,
  guard,
}) => {
  test.setTimeout(90_000);
  const stamp = Date.now();
  const name = `tides-${stamp}`;
  for (const workflow of [name, `other-${stamp}`]) {
    const made = await api.post('/api/workflows', { data: { name: workflow, visibility: 'organization' } });
    expect(made.status(), await made.text()).toBe(201);
  }
  const card = (title: string) => page.getByRole('article').filter({ hasText: title });
  await page.goto('/workflows');
  await card(name).getByRole('link', { name }).click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await inspector.getByRole('textbox', { name: 'New tag' }).fill(`harbour-${stamp}, daily-${stamp}`);
  await page.keyboard.press('Enter');
  await expect(inspector.getByRole('button', { name: `Remove the tag daily-${stamp}` })).toBeVisible();
  await inspector.getByRole('button', { name: `Remove the tag daily-${stamp}` }).click();
  await expect(inspector.getByText(`daily-${stamp}`)).toHaveCount(0);
  await expect(inspector.getByText('Nobody has rated it yet.')).toBeVisible();
  // Whoever made it does not rate it.
  await expect(inspector.getByRole('button', { name: '4 of 5 stars' })).toHaveCount(0);
  await clean(page);
  const address = page.url();

  const grace = await colleague(
    { api, url: world.server.url, email: `tides-${stamp}@example.com`, name: 'Grace' },
    playwright,
    browser,
  );
  guard.watch(grace);
  await grace.goto(address);
  const theirs = grace.getByRole('complementary', { name: 'Inspector' });
  // Whoever only reads sees the same desk without the library.
  const desk = () =>
    theirs.evaluate((side) => {
      const bar = document.querySelector('.wf-bar')?.getBoundingClientRect();
      const { top, right, bottom } = side.getBoundingClientRect();
      return bar && top >= bar.bottom && right <= innerWidth && bottom <= innerHeight;
    });
  await expect.poll(desk).toBe(true);
  await theirs.getByRole('button', { name: '2 of 5 stars' }).click();
  await theirs.getByRole('textbox', { name: 'In words' }).fill('It lost a ship.');
  await theirs.getByRole('button', { name: 'Rate it' }).click();
  await expect(theirs.getByText('It lost a ship.').last()).toBeVisible();
  await theirs.getByRole('button', { name: '4 of 5 stars' }).click();
  await theirs.getByRole('button', { name: 'Change my rating' }).click();
  await expect(theirs.getByText('4.0 (1)')).toBeVisible();
  await expect(theirs.getByRole('textbox', { name: 'New tag' })).toHaveCount(0);
  await grace.context().close();

  await page.goto('/workflows');
  await expect(card(name).getByText('4.0 (1)')).toBeVisible();
  await card(name)
    .getByRole('button', { name: `harbour-${stamp}` })
    .click();
  await expect(card(`other-${stamp}`)).toHaveCount(0);
  await expect(card(name)).toBeVisible();
  await clean(page);
});
