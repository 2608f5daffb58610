/** The designer by mouse and clipboard: nodes come from the library by drag, are joined port to port, moved, copied. */
import type { APIRequestContext, Locator, Page } from '@playwright/test';
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';
import { drawn, workflow } from '../../fixtures/workflow';

const node = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
const edges = (page: Page) => page.locator('.react-flow__edge');

/** A workflow of a start and an end that are not joined. */
async function open(page: Page, api: APIRequestContext, name: string): Promise<string> {
  const made = await api.post('/api/workflows', {
    data: workflow(name, [drawn('start', 'start'), drawn('end', 'end', {}, 420)], []),
  });
  expect(made.status(), await made.text()).toBe(201);
  const { id } = await made.json();
  await page.goto(`/workflows/${id}`);
  await expect(node(page, 'start')).toBeVisible();
  return id;
}

async function middle(target: Locator): Promise<{ x: number; y: number }> {
  const box = await target.boundingBox();
  if (!box) throw new Error(`${target} is not on the page`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Presses in the middle of one thing, and lets go in the middle of another. */
async function drag(page: Page, from: Locator, to: { x: number; y: number }): Promise<void> {
  const start = await middle(from);
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move((start.x + to.x) / 2, (start.y + to.y) / 2, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
}

const source = (page: Page, id: string) => node(page, id).locator('.react-flow__handle.source').first();
const target = (page: Page, id: string) => node(page, id).locator('.react-flow__handle.target');

test('designer: a node is dragged in, joined, moved, copied and taken away with the mouse', async ({
  page,
  api,
}) => {
  test.setTimeout(120_000);
  const id = await open(page, api, `mouse-${Date.now()}`);
  const end = await middle(node(page, 'end'));
  const start = await middle(node(page, 'start'));
  const canvas = page.locator('.wf-canvas').first();
  const box = await canvas.boundingBox();
  if (!box) throw new Error('there is no drawing');
  await page.getByRole('button', { name: 'Add Wait' }).dragTo(canvas, {
    targetPosition: { x: start.x - box.x, y: (start.y + end.y) / 2 - box.y },
  });
  await expect(node(page, 'wait')).toBeVisible();
  const dropped = await middle(node(page, 'wait'));
  expect(Math.abs(dropped.x - start.x)).toBeLessThan(120);

  await drag(page, source(page, 'start'), await middle(target(page, 'wait')));
  await expect(edges(page)).toHaveCount(1);
  await drag(page, source(page, 'wait'), await middle(target(page, 'end')));
  await expect(edges(page)).toHaveCount(2);
  // The same edge again is none, and neither is one into the beginning.
  await drag(page, source(page, 'start'), await middle(target(page, 'wait')));
  await expect(edges(page)).toHaveCount(2);

  const before = await node(page, 'wait').getAttribute('style');
  await drag(page, node(page, 'wait'), { x: dropped.x + 140, y: dropped.y });
  await expect(node(page, 'wait')).not.toHaveAttribute('style', before ?? '');
  await clean(page);

  // Copied by the clipboard, with the keys that every program has.
  await node(page, 'wait').click();
  await page.keyboard.press('Control+c');
  await page.keyboard.press('Control+v');
  await expect(page.locator('.react-flow__node')).toHaveCount(4);
  await page.keyboard.press('Control+z');
  await expect(page.locator('.react-flow__node')).toHaveCount(3);
  await page.keyboard.press('Control+y');
  await expect(page.locator('.react-flow__node')).toHaveCount(4);
  await page.locator('.react-flow__node').last().click();
  await page.keyboard.press('Delete');
  await expect(page.locator('.react-flow__node')).toHaveCount(3);
  await node(page, 'wait').click();
  await page.keyboard.press('Control+x');
  await expect(page.locator('.react-flow__node')).toHaveCount(2);
  await expect(edges(page)).toHaveCount(0);
  await page.keyboard.press('Control+z');
  await expect(edges(page)).toHaveCount(2);

  await page.keyboard.press('Control+s');
  await expect(page.getByText('Saved as version 2')).toBeVisible();
  const { graph } = await (await api.get(`/api/workflows/${id}`)).json();
  const ways = graph.edges.map(({ from, to }: { from: string; to: string }) => `${from}-${to}`);
  expect(ways.sort()).toEqual(['start-wait', 'wait-end']);
});

test('designer: who is asked, until when and who after that is written in the form of a question', async ({
  page,
  api,
}) => {
  const id = await open(page, api, `asks-${Date.now()}`);
  await page.getByRole('button', { name: 'Add Human' }).click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await inspector.getByRole('textbox', { name: 'Question shown' }).fill('Pay it?');
  await inspector.getByLabel('Who may decide').fill('role:organization:admin');
  await inspector.getByLabel('Who decides after that').fill('role:organization:owner');
  await inspector.getByLabel('Time to decide, in seconds').fill('90');
  await clean(page);
  await page.keyboard.press('Control+s');
  await expect(page.getByText('Saved as version 2')).toBeVisible();
  const { graph } = await (await api.get(`/api/workflows/${id}`)).json();
  const human = graph.nodes.find(({ kind }: { kind: string }) => kind === 'human');
  expect(human.config).toMatchObject({
    title: 'Pay it?',
    assignees: ['role:organization:admin'],
    due_ms: 90_000,
    escalate_to: ['role:organization:owner'],
  });
  await page.reload();
  await node(page, human.id).click();
  await expect(inspector.getByLabel('Time to decide, in seconds')).toHaveValue('90');
  await expect(inspector.getByLabel('Who decides after that')).toHaveValue('role:organization:owner');
});
