/** A drawing: begun, drawn on by mouse and by keyboard, saved, seen by others of the organisation, and made a workflow. */
import type { Page } from '@playwright/test';
import { clean } from '../../fixtures/clean';
import { colleague } from '../../fixtures/people';
import { expect, test } from '../../fixtures/test';

const node = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);

test('canvas: a drawing is begun, drawn, saved and there again', async ({ page, api }) => {
  test.setTimeout(120_000);
  const stamp = Date.now();
  const agent = await api.post('/api/agents', { data: { name: `Harbour clerk ${stamp}` } });
  expect(agent.status(), await agent.text()).toBe(201);
  await page.goto('/workflows');
  await page.getByRole('link', { name: 'Canvas' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Canvas' })).toBeVisible();
  await clean(page);
  await page.getByRole('button', { name: 'New drawing' }).click();
  const dialog = page.getByRole('dialog', { name: 'New drawing' });
  await dialog.getByRole('button', { name: 'Create drawing' }).click();
  await expect(dialog.getByText('A drawing needs a name.')).toBeVisible();
  await dialog.getByRole('textbox', { name: 'Name' }).fill(`Harbour ${stamp}`);
  await dialog.getByRole('button', { name: 'Create drawing' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `Harbour ${stamp}` })).toBeVisible();
  await expect(page).toHaveURL(/\/workflows\?canvas=[0-9a-f-]{36}$/);

  const palette = page.getByRole('complementary', { name: 'Palette' });
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await palette.getByRole('searchbox').fill(String(stamp));
  await palette.getByRole('button', { name: `Add Harbour clerk ${stamp}` }).click();
  await expect(node(page, 'agent')).toContainText(`Harbour clerk ${stamp}`);
  await palette.getByRole('searchbox').fill('note');
  await palette.getByRole('button', { name: 'Add Note', exact: true }).focus();
  await page.keyboard.press('Enter');
  await inspector.getByRole('textbox', { name: 'Name' }).fill('Tides first');
  await expect(node(page, 'note')).toContainText('Tides first');
  await inspector.getByRole('combobox', { name: 'Connect Next to' }).selectOption(`Harbour clerk ${stamp}`);
  await expect(page.locator('.react-flow__edge')).toHaveCount(1);
  await expect(page.getByText('not saved')).toBeVisible();

  // It is moved, deleted and brought back by keyboard.
  await node(page, 'note').focus();
  const placed = await node(page, 'note').getAttribute('style');
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowRight');
  await expect(node(page, 'note')).not.toHaveAttribute('style', placed ?? '');
  await page.keyboard.press('Delete');
  await expect(node(page, 'note')).toHaveCount(0);
  await page.keyboard.press('Control+z');
  await expect(node(page, 'note')).toBeVisible();
  await clean(page);
  await page.keyboard.press('Control+s');
  await expect(page.getByText(/^saved /)).toBeVisible();
  await page.reload();
  await expect(node(page, 'note')).toContainText('Tides first');
  await expect(node(page, 'agent')).toContainText(`Harbour clerk ${stamp}`);
  await expect(page.locator('.react-flow__edge')).toHaveCount(1);

  const { organization } = await (await api.get('/api/auth/me')).json();
  const id = new URL(page.url()).searchParams.get('canvas');
  const kept = await (await api.get(`/api/v1/orgs/${organization.id}/canvas/${id}`)).json();
  expect(kept.revision).toBe(2);
  expect(kept.state_json.edges).toEqual([expect.objectContaining({ source: 'note', target: 'agent' })]);
});

test('canvas: others of the organisation see a drawing, and its owner alone changes it', async ({
  page,
  api,
  world,
  playwright,
  browser,
  guard,
}) => {
  guard.allow(/412/);
  const stamp = Date.now();
  const { organization } = await (await api.get('/api/auth/me')).json();
  const all = `/api/v1/orgs/${organization.id}/canvas`;
  const state_json = {
    nodes: [{ id: 'a', position: { x: 0, y: 0 }, data: { label: 'Pier' } }],
    edges: [],
    viewport: { x: 200, y: 200, zoom: 1 },
  };
  const made = await api.post(all, { data: { name: `Pier ${stamp}`, state_json } });
  expect(made.status(), await made.text()).toBe(201);
  const { id } = await made.json();

  const grace = await colleague(
    { api, url: world.server.url, email: `canvas-${stamp}@example.com`, name: 'Grace' },
    playwright,
    browser,
  );
  guard.watch(grace);
  await grace.goto('/workflows?canvas=');
  await grace.getByRole('link', { name: `Pier ${stamp}` }).click();
  await expect(node(grace, 'a')).toContainText('Pier');
  await expect(grace.getByText('Read only')).toBeVisible();
  await expect(grace.getByRole('button', { name: 'Save' })).toHaveCount(0);
  await expect(grace.getByRole('complementary', { name: 'Palette' })).toHaveCount(0);
  await grace.context().close();

  // Somebody saved it meanwhile: nothing is lost.
  await page.goto(`/workflows?canvas=${id}`);
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await inspector.getByRole('textbox', { name: 'Name' }).fill(`Mole ${stamp}`);
  const theirs = await api.patch(`${all}/${id}`, { data: { name: `Quay ${stamp}` } });
  expect(theirs.ok(), await theirs.text()).toBe(true);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('alert')).toContainText('Someone else saved this drawing meanwhile.');
  await page.getByRole('button', { name: 'Load theirs' }).click();
  await expect(page.getByRole('heading', { level: 1, name: `Quay ${stamp}` })).toBeVisible();
});

test('canvas: a drawing of steps alone is turned into a workflow', async ({ page, api }) => {
  const stamp = Date.now();
  const { organization } = await (await api.get('/api/auth/me')).json();
  const all = `/api/v1/orgs/${organization.id}/canvas`;
  const step = (id: string, y: number) => ({ id, type: 'card', position: { x: 0, y }, data: { kind: id } });
  const state_json = {
    nodes: [step('start', 0), step('end', 200)],
    edges: [{ id: 'e1', source: 'start', sourceHandle: 'out', target: 'end' }],
  };
  const made = await api.post(all, { data: { name: `Locks ${stamp}`, state_json } });
  expect(made.status(), await made.text()).toBe(201);
  const { id } = await made.json();
  await page.goto(`/workflows?canvas=${id}`);
  await page.getByRole('button', { name: 'Turn into a workflow' }).click();
  await expect(page).toHaveURL(/\/workflows\/[0-9a-f-]{36}$/);
  await expect(page.getByRole('heading', { level: 1, name: `Locks ${stamp}` })).toBeVisible();
  await expect(node(page, 'end')).toBeVisible();
  const kept = await (await api.get(`${all}/${id}`)).json();
  expect(page.url()).toContain(kept.workflow_id);
});

test('canvas: a drawing that does not exist says so', async ({ page, guard }) => {
  guard.allow(/404/);
  await page.goto('/workflows?canvas=00000000-0000-7000-8000-000000000000');
  await expect(page.getByRole('alert')).toContainText('This drawing could not be loaded');
});
