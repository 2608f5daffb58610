/** A workflow goes out as steps where steps can say it; otherwise the page names what they cannot. */
import { readFile } from 'node:fs/promises';
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

const linear = (name: string, middle: object) => ({
  name,
  graph: {
    schema: 'conductor.workflow/1',
    name,
    source_format: 'native',
    nodes: [
      { id: 'start', kind: 'start', layout: { x: 0, y: 0 } },
      { id: 'middle', ...middle, layout: { x: 0, y: 200 } },
      { id: 'end', kind: 'end', layout: { x: 0, y: 400 } },
    ],
    edges: [
      { from: 'start', to: 'middle' },
      { from: 'middle', to: 'end' },
    ],
    entry: ['start'],
    exit: ['end'],
  },
});

test('workflows: steps are taken out, and what they cannot say is named', async ({ page, api, guard }) => {
  guard.allow(/422/);
  test.setTimeout(120_000);
  const asked = { kind: 'http', config: { method: 'GET', url: 'https://tides.example.com' } };
  const waits = { kind: 'wait', config: { duration_ms: 5 } };
  const ids: string[] = [];
  for (const [name, middle] of [
    ['asks', asked],
    ['waits', waits],
  ] as const) {
    const made = await api.post('/api/workflows', { data: linear(`${name}-${Date.now()}`, middle) });
    expect(made.status(), await made.text()).toBe(201);
    ids.push((await made.json()).id);
  }
  const dialog = page.getByRole('dialog');
  const open = async (id: string | undefined) => {
    await page.goto(`/workflows/${id}`);
    await page.getByRole('button', { name: 'More about this workflow' }).click();
    await page.getByRole('menuitem', { name: 'Export' }).click();
    await dialog.getByLabel('Form').selectOption('hybrid');
  };

  await open(ids[0]);
  const taken = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Download' }).click();
  const file = await taken;
  const text = await readFile(await file.path(), 'utf8');
  expect(text).toContain('steps:');
  expect(text).toContain('https://tides.example.com');

  await open(ids[1]);
  await dialog.getByRole('button', { name: 'Download' }).click();
  const refused = dialog.getByRole('alert');
  await expect(refused.getByRole('list', { name: 'Problems' })).toContainText('no step waits');
  await expect(refused).toContainText('middle');
  await clean(page);
  await dialog.getByLabel('Form').selectOption('canvas');
  await expect(refused).toHaveCount(0);
});
