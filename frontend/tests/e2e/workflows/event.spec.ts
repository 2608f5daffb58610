/** Something happens: an event is added to a workflow, told from the page, and what began by it is shown. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('workflows: an event is added and told, and the runs that began are linked', async ({ page, api }) => {
  test.setTimeout(120_000);
  const name = `ears-${Date.now()}`;
  const event = `order.paid:${name}`;
  const answer = await api.post('/api/workflows', { data: { name, title: 'Ears' } });
  expect(answer.status(), await answer.text()).toBe(201);
  const { id } = await answer.json();
  await page.goto(`/workflows/${id}`);
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector.getByText('It waits for no event.')).toBeVisible();
  await inspector.getByRole('button', { name: 'Add an event' }).click();
  const field = inspector.getByRole('group', { name: 'Event 1' });
  await field.getByLabel('Name', { exact: true }).fill('order paid');
  await expect(field.getByText(/the name of an event has 1 to 100 letters/)).toBeVisible();
  await field.getByLabel('Name', { exact: true }).fill(event);
  await expect(field.getByText(/the name of an event has 1 to 100 letters/)).toHaveCount(0);
  await field.getByText('Tell it from a command line').click();
  const example = await field.getByLabel('Example', { exact: true }).inputValue();
  expect(example).toContain('/api/workflows/events');
  expect(example).toContain(`"name":"${event}"`);

  // What is not saved does not wait.
  await field.getByText('Tell it now').click();
  const form = field.getByRole('form', { name: `Tell the event ${event}` });
  await form.getByRole('button', { name: 'Tell' }).click();
  await expect(form.getByText(/^Nobody waits for it\./)).toBeVisible();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
  await form.getByLabel('Data (optional)').fill('[1]');
  await form.getByRole('button', { name: 'Tell' }).click();
  await expect(form.getByText(/^This is an object/)).toBeVisible();
  await form.getByLabel('Data (optional)').fill('{ "order": 7 }');
  await form.getByRole('button', { name: 'Tell' }).click();
  const run = form.getByRole('list', { name: 'What began' }).getByRole('link', { name: 'its run' });
  const address = await run.getAttribute('href');
  expect(address).toMatch(/^\/runs\/[0-9a-f-]{36}$/);
  await clean(page);

  const found = await api.get(`/api${address}`);
  expect((await found.json()).trigger).toBe('event');
  await field.getByRole('button', { name: 'Remove event 1' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(inspector.getByText('It waits for no event.')).toBeVisible();
});
