/** An agent node says which of its agent's tools it may use here: some, none, or all where nothing is said. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('workflows: a node leaves its agent some of its tools', async ({ page, api }) => {
  const name = `narrowed-${Date.now()}`;
  const node = { id: 'ask', kind: 'agent', config: { prompt: 'Go.', tools: [] }, layout: { x: 0, y: 0 } };
  const graph = {
    schema: 'conductor.workflow/1',
    name,
    source_format: 'native',
    nodes: [node],
    edges: [],
    entry: ['ask'],
    exit: ['ask'],
  };
  const answer = await api.post('/api/workflows', { data: { name, graph } });
  expect(answer.status(), await answer.text()).toBe(201);
  const { id } = await answer.json();
  const stored = async () => {
    const workflow = await (await api.get(`/api/workflows/${id}`)).json();
    return workflow.graph.nodes[0].config.tools;
  };
  expect(await stored()).toEqual([]);

  await page.goto(`/workflows/${id}`);
  await page.locator('.react-flow__node[data-id="ask"]').click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  const none = inspector.getByRole('switch', { name: 'No tools at all' });
  await expect(none).toBeChecked();
  await inspector.getByLabel('Tools it may use').fill('search_documents\ndesk/echo');
  await expect(none).not.toBeChecked();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect.poll(stored).toEqual(['search_documents', 'desk/echo']);

  await inspector.getByLabel('Tools it may use').fill('');
  await expect(none).not.toBeChecked();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect.poll(stored).toBeUndefined();
  await clean(page);
});
