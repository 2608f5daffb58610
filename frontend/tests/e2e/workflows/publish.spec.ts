/** A version is published: what is saved after it is a draft until it is published too, and each step says what changes. */
import type { APIRequestContext } from '@playwright/test';
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

const graph = (name: string, word: string, nodes: object[] = []) => ({
  schema: 'conductor.workflow/1',
  name,
  title: 'Lighthouse',
  source_format: 'native',
  triggers: [],
  inputs: [],
  outputs: [],
  variables: {},
  nodes: [
    {
      id: 'say',
      kind: 'transform',
      name: 'Say it',
      config: {},
      inputs: { word },
      on_error: 'stop',
      layout: { x: 0, y: 0 },
    },
    ...nodes,
  ],
  edges: nodes.length > 0 ? [{ id: 'e1', from: 'say', port: 'out', to: 'log' }] : [],
  entry: ['say'],
  exit: [nodes.length > 0 ? 'log' : 'say'],
});

async function runs(api: APIRequestContext, id: string): Promise<number> {
  const started = await api.post(`/api/workflows/${id}/execute`, { data: {} });
  expect(started.status(), await started.text()).toBe(201);
  return (await started.json()).run.workflow_version;
}

test('workflows: a version is published, a draft waits, and both are told apart', async ({ page, api }) => {
  test.setTimeout(120_000);
  const name = `lighthouse-${Date.now()}`;
  const made = await api.post('/api/workflows', { data: { name, graph: graph(name, 'one') } });
  expect(made.status(), await made.text()).toBe(201);
  const { id } = await made.json();
  await page.goto(`/workflows/${id}`);
  const head = page.locator('.wf-bar');
  await expect(head.getByText('Version 1')).toBeVisible();
  await expect(head.getByText(/^Published/)).toHaveCount(0);

  await head.getByRole('button', { name: 'Publish' }).click();
  const dialog = page.getByRole('dialog', { name: 'Publish version 1?' });
  await expect(dialog.getByText('It runs already: nothing changes now.')).toBeVisible();
  await clean(page);
  await dialog.getByRole('button', { name: 'Publish' }).click();
  await expect(page.getByText('Version 1 is published')).toBeVisible();
  await expect(dialog).toHaveCount(0);
  await expect(head.getByText('Published: v1')).toBeVisible();
  await expect(head.getByRole('button', { name: 'Publish' })).toBeDisabled();

  // Somebody saves another one, with another node and a schedule.
  const log = {
    id: 'log',
    kind: 'transform',
    name: 'Log it',
    config: {},
    inputs: { word: 'log' },
    on_error: 'stop',
    layout: { x: 0, y: 160 },
  };
  const second = {
    ...graph(name, 'two', [log]),
    triggers: [{ type: 'schedule', cron: '0 * * * *' }],
  };
  const saved = await api.patch(`/api/workflows/${id}`, { data: { graph: second } });
  expect(saved.status(), await saved.text()).toBe(200);
  expect(await runs(api, id)).toBe(1);
  await page.reload();
  await expect(head.getByText('Draft v2')).toBeVisible();
  await expect(head.getByText('Published: v1')).toBeVisible();
  await expect(page.getByText(/^Scheduled \d/)).toHaveCount(0);

  await page.goto('/workflows');
  const card = page.getByRole('article').filter({ hasText: name });
  await expect(card.getByText('Draft v2')).toBeVisible();
  await expect(card.getByText(/version 1/)).toBeVisible();
  await card.getByRole('link', { name: 'Lighthouse' }).click();

  await head.getByRole('button', { name: 'Publish' }).click();
  const asked = page.getByRole('dialog', { name: 'Publish version 2?' });
  await expect(asked.getByRole('list', { name: 'Nodes added' })).toContainText('Log it');
  await expect(asked.getByRole('list', { name: 'Nodes changed' })).toContainText('Say it');
  await expect(asked.getByRole('list', { name: 'Starts it from then on' })).toContainText('Schedule');
  await clean(page);
  await asked.getByRole('button', { name: 'Publish' }).click();
  await expect(head.getByText('Published: v2')).toBeVisible();
  await expect(page.getByText(/^Scheduled \d/)).toBeVisible();
  expect(await runs(api, id)).toBe(2);

  // An old one runs again, and the newest is a draft once more.
  await page.getByRole('radio', { name: 'Versions' }).click();
  const versions = page.getByRole('list', { name: 'Versions' });
  await expect(versions.getByText('published', { exact: true })).toBeVisible();
  await versions.getByRole('button', { name: 'Publish this version' }).click();
  const back = page.getByRole('dialog', { name: 'Publish version 1?' });
  await expect(back.getByRole('list', { name: 'Nodes removed' })).toContainText('Log it');
  await expect(back.getByRole('list', { name: 'Starts it no more' })).toContainText('Schedule');
  await back.getByRole('button', { name: 'Publish' }).click();
  await expect(head.getByText('Published: v1')).toBeVisible();
  await expect(versions.getByText('draft', { exact: true })).toBeVisible();
  await clean(page);
  expect(await runs(api, id)).toBe(1);

  await page.getByRole('button', { name: 'More about this workflow' }).click();
  await page.getByRole('menuitem', { name: 'Unpublish' }).click();
  const question = page.getByRole('alertdialog', { name: 'Run the newest version again?' });
  await question.getByRole('button', { name: 'Unpublish' }).click();
  await expect(page.getByText('The newest version runs again')).toBeVisible();
  await expect(head.getByText(/^Published/)).toHaveCount(0);
  await expect(versions.getByText('in force', { exact: true })).toBeVisible();
  expect(await runs(api, id)).toBe(2);
});
