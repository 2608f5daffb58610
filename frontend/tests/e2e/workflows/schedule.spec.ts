/** A workflow starts by itself: a schedule is added, undone, done again, put right, saved, and told of. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('workflows: a schedule is added, put right, saved, and shows when it comes next', async ({
  page,
  api,
}) => {
  test.setTimeout(120_000);
  const name = `tides-${Date.now()}`;
  const answer = await api.post('/api/workflows', { data: { name, title: 'Tides' } });
  expect(answer.status(), await answer.text()).toBe(201);
  const { id } = await answer.json();
  await page.goto(`/workflows/${id}`);
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector.getByText('Never: somebody or something else starts it.')).toBeVisible();
  await expect(page.getByText(/^Scheduled/)).toHaveCount(0);

  await inspector.getByRole('button', { name: 'Add a schedule' }).click();
  const schedule = inspector.getByRole('group', { name: 'Schedule 1' });
  await expect(schedule.getByText('on weekdays at 9:00')).toBeVisible();
  const zone = await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  await expect(schedule.getByLabel('Time zone')).toHaveValue(zone);
  await expect(schedule.getByText('It does not act before the workflow is saved')).toBeVisible();

  // It is an edit like any other.
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(schedule).toHaveCount(0);
  await page.getByRole('button', { name: 'Redo' }).click();
  await expect(schedule).toBeVisible();

  await schedule.getByLabel('Cron').fill('0 25 * * *');
  await expect(schedule.getByRole('alert')).toBeVisible();
  await schedule.getByLabel('When').selectOption('Every hour');
  await expect(schedule.getByLabel('Cron')).toHaveValue('0 * * * *');
  await expect(schedule.getByText('every hour, at minute 0')).toBeVisible();
  await expect(schedule.getByRole('alert')).toHaveCount(0);
  await schedule.getByLabel('Time zone').selectOption('Europe/Berlin');
  await inspector.getByLabel('When it starts while it runs').selectOption('It does not start');
  await page.getByRole('button', { name: 'Save' }).click();

  await expect(schedule.getByText(/^Next: /)).toBeVisible();
  await expect(page.getByText(/^Scheduled \d/)).toBeVisible();
  await clean(page);
  const kept = await (await api.get(`/api/workflows/${id}`)).json();
  expect(kept.concurrency).toBe('skip');
  expect(kept.schedules).toHaveLength(1);
  expect(kept.schedules[0]).toMatchObject({ position: 0, cron: '0 * * * *', time_zone: 'Europe/Berlin' });

  await page.reload();
  await expect(schedule.getByText(/^Next: /)).toBeVisible();
  await schedule.getByRole('button', { name: 'Remove schedule 1' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/^Scheduled/)).toHaveCount(0);
  await expect(inspector.getByText('Never: somebody or something else starts it.')).toBeVisible();
});
