/** Workflows: brought in, put right, drawn by keyboard alone, saved, taken out; and what happens when two save. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';
import { drawn, workflow } from '../../fixtures/workflow';

/** Presses Tab until something has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 200; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${target} cannot be reached by Tab`);
}

const node = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);

const small = (name: string) =>
  workflow(
    name,
    [drawn('start', 'start'), drawn('end', 'end', {}, 400)],
    [{ id: 'e1', from: 'start', port: 'out', to: 'end' }],
  );

test('workflows: a document is looked at before it is kept, put right, saved, and taken out again', async ({
  page,
}) => {
  test.setTimeout(120_000);
  const name = `harbour-${Date.now()}`;
  await page.goto('/workflows');
  await page.getByRole('button', { name: 'Import' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import a workflow' });
  const document = dialog.getByRole('textbox', { name: 'Document' });
  const preview = dialog.getByRole('region', { name: 'Preview' });

  await document.fill('name: broken\nsteps: [\n  - id: a');
  await expect(preview.getByRole('list', { name: 'Problems' })).toContainText(/Line \d+, column \d+/);
  await expect(dialog.getByRole('button', { name: 'Keep as draft' })).toBeDisabled();

  await document.fill(
    [
      `name: ${name}`,
      'title: Harbour notices',
      'graph:',
      '  nodes:',
      '    - id: fetch',
      '      kind: http',
      '      config: { method: GET, url: ftp://tides.example.com }',
      '    - id: done',
      '      kind: end',
      '  edges:',
      '    - { from: fetch, to: done }',
    ].join('\n'),
  );
  await expect(preview).toContainText('Conductor document');
  await expect(preview).toContainText('Harbour notices');
  await expect(preview.getByRole('list', { name: 'Problems' })).toContainText('Node fetch');
  await clean(page);
  await dialog.getByRole('button', { name: 'Keep as draft' }).click();

  await expect(page.getByRole('heading', { level: 1, name: 'Harbour notices' })).toBeVisible();
  await expect(page.getByText('Draft', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: /problem/ }).click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await page
    .getByRole('list', { name: 'Problems' })
    .getByRole('button', { name: /Node fetch/ })
    .first()
    .click();
  await expect(inspector.getByRole('textbox', { name: 'Id' })).toHaveValue('fetch');
  const address = inspector.getByRole('textbox', { name: 'Address' });
  await expect(address).toHaveAttribute('aria-invalid', 'true');
  await clean(page);
  await address.fill('https://tides.example.com');
  await expect(page.getByText('Ready', { exact: true })).toBeVisible();
  await expect(address).not.toHaveAttribute('aria-invalid');

  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved as version 2')).toBeVisible();
  await page.reload();
  await expect(page.getByText('Ready', { exact: true })).toBeVisible();
  await node(page, 'fetch').click();
  await expect(address).toHaveValue('https://tides.example.com');

  await page.getByRole('radio', { name: 'Source' }).click();
  await expect(page.locator('pre')).toContainText('https://tides.example.com');
  await clean(page);
  await page.getByRole('radio', { name: 'Versions' }).click();
  await page.getByRole('list', { name: 'Versions' }).getByRole('button', { name: 'Go back to it' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Go back' }).click();
  await expect(page.getByText('Version 3 is in force')).toBeVisible();
  await expect(page.getByText('Draft', { exact: true })).toBeVisible();

  await page.getByRole('button', { name: 'More about this workflow' }).click();
  await page.getByRole('menuitem', { name: 'Export' }).click();
  const taken = page.waitForEvent('download');
  await page.getByRole('dialog').getByRole('button', { name: 'Download' }).click();
  const file = await taken;
  expect(file.suggestedFilename()).toMatch(/\.ya?ml$/);
  expect(await readFile(await file.path(), 'utf8')).toContain('ftp://tides.example.com');
});

test('workflows: a node is added, connected, moved, deleted and brought back by keyboard alone', async ({
  page,
  api,
}) => {
  test.setTimeout(120_000);
  const made = await api.post('/api/workflows', { data: small(`keys-${Date.now()}`) });
  expect(made.status(), await made.text()).toBe(201);
  const { id } = await made.json();
  await page.goto(`/workflows/${id}`);
  await expect(node(page, 'start')).toBeVisible();

  await tabTo(page, page.getByRole('button', { name: 'Add Wait' }));
  await page.keyboard.press('Enter');
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector.getByRole('textbox', { name: 'Name' })).toBeFocused();
  await page.keyboard.type('Pause a moment');
  await tabTo(page, inspector.getByRole('combobox', { name: 'Connect Next to' }));
  await page.keyboard.type('End');
  await expect(inspector.getByRole('button', { name: 'Edge to End' })).toBeVisible();

  await tabTo(page, node(page, 'start'));
  await page.keyboard.press('Enter');
  await expect(inspector.getByRole('textbox', { name: 'Id' })).toHaveValue('start');
  await tabTo(page, inspector.getByRole('combobox', { name: 'Connect Next to' }));
  await page.keyboard.type('Pause');
  await expect(inspector.getByRole('button', { name: 'Edge to Pause a moment' })).toBeVisible();
  await expect(page.locator('.react-flow__edge')).toHaveCount(3);

  await tabTo(page, node(page, 'wait'));
  await page.keyboard.press('Enter');
  await expect(inspector.getByRole('textbox', { name: 'Id' })).toHaveValue('wait');
  const placed = await node(page, 'wait').getAttribute('style');
  await page.keyboard.press('ArrowRight');
  await expect(node(page, 'wait')).not.toHaveAttribute('style', placed ?? '');
  await page.keyboard.press('Delete');
  await expect(node(page, 'wait')).toHaveCount(0);
  await expect(page.locator('.react-flow__edge')).toHaveCount(1);
  await page.keyboard.press('Control+z');
  await expect(node(page, 'wait')).toBeVisible();
  await expect(page.locator('.react-flow__edge')).toHaveCount(3);
  await page.keyboard.press('Control+Shift+z');
  await expect(node(page, 'wait')).toHaveCount(0);
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+s');
  await expect(page.getByText('Saved as version 2')).toBeVisible();

  const { graph } = await (await api.get(`/api/workflows/${id}`)).json();
  expect(graph.nodes).toContainEqual(
    expect.objectContaining({ id: 'wait', kind: 'wait', name: 'Pause a moment' }),
  );
  const ways = graph.edges.map(({ from, to }: { from: string; to: string }) => `${from}-${to}`);
  expect(ways.sort()).toEqual(['start-end', 'start-wait', 'wait-end']);
  await page.reload();
  await expect(node(page, 'wait')).toContainText('Pause a moment');
});

test('workflows: a stale save is refused, and the changes can be kept as a copy', async ({
  page,
  api,
  guard,
}) => {
  guard.allow(/412/);
  const made = await (await api.post('/api/workflows', { data: small(`stale-${Date.now()}`) })).json();
  await page.goto(`/workflows/${made.id}`);
  await node(page, 'end').click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await inspector.getByRole('textbox', { name: 'Name' }).fill('Mine');
  const theirs = await api.patch(`/api/workflows/${made.id}`, { data: { description: 'Theirs.' } });
  expect(theirs.ok(), await theirs.text()).toBe(true);

  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('Someone else saved this workflow meanwhile.');
  await expect(node(page, 'end')).toContainText('Mine');
  await clean(page);
  await page.getByRole('button', { name: 'Save mine as a copy' }).click();
  await expect(page).not.toHaveURL(new RegExp(made.id));
  await expect(page).toHaveURL(/\/workflows\/[0-9a-f-]{36}$/);
  await expect(node(page, 'end')).toContainText('Mine');

  await page.getByRole('button', { name: 'More about this workflow' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/workflows$/);
  await expect(page.getByText(/was deleted/)).toBeVisible();
  expect((await (await api.get(`/api/workflows/${made.id}`)).json()).description).toBe('Theirs.');
});

test('workflows: what is not saved is asked about before the page is left', async ({ page, api }) => {
  const made = await (await api.post('/api/workflows', { data: small(`leave-${Date.now()}`) })).json();
  await page.goto(`/workflows/${made.id}`);
  await node(page, 'end').click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await inspector.getByRole('textbox', { name: 'Name' }).fill('Half a thought');
  await page.getByRole('link', { name: 'All workflows' }).click();
  const question = page.getByRole('alertdialog');
  await question.getByRole('button', { name: 'Cancel' }).click();
  await expect(node(page, 'end')).toContainText('Half a thought');
  await page.getByRole('link', { name: 'All workflows' }).click();
  await question.getByRole('button', { name: 'Leave' }).click();
  await expect(page).toHaveURL(/\/workflows$/);
});

test('workflows: one that does not exist says so', async ({ page, guard }) => {
  guard.allow(/404/);
  await page.goto('/workflows/00000000-0000-7000-8000-000000000000');
  await expect(page.getByRole('alert')).toContainText('This workflow could not be loaded');
});
