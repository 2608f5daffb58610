/** A workflow limits what one run may take: the run tells what it took, by node too, and stops at its limit. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('workflows: a run tells what it spent, and one that may take no more stops', async ({ page, api }) => {
  test.setTimeout(120_000);
  const name = `pilots-${Date.now()}`;
  const asks = (id: string, title: string) => ({
    id,
    kind: 'agent',
    name: title,
    agent: 'conversation-agent',
    config: { prompt: 'Say hello to the harbour.' },
    on_error: 'stop',
  });
  const answer = await api.post('/api/workflows', {
    data: {
      name,
      graph: {
        schema: 'conductor.workflow/1',
        name,
        title: 'Pilots',
        source_format: 'native',
        nodes: [
          { ...asks('first', 'First pilot'), layout: { x: 0, y: 0 } },
          { ...asks('second', 'Second pilot'), layout: { x: 0, y: 140 } },
        ],
        edges: [{ id: 'e1', from: 'first', port: 'out', to: 'second' }],
        entry: ['first'],
        exit: ['second'],
      },
    },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  const { id } = await answer.json();
  const begin = async () => {
    const started = await api.post(`/api/workflows/${id}/execute`, { data: {} });
    expect(started.status(), await started.text()).toBe(201);
    return (await started.json()).run.id;
  };
  const node = (which: string) => page.locator(`.react-flow__node[data-id="${which}"]`);
  const details = page.getByRole('complementary', { name: 'Details' });

  await page.goto(`/runs/${await begin()}`);
  await expect(node('second').locator('.wf-node')).toHaveClass(/run-done/);
  await expect(details.getByText('Tokens', { exact: true })).toBeVisible();
  await node('first').click();
  await expect(details.getByText(/^[\d,.]+ tokens/)).toBeVisible();
  await clean(page);

  await page.goto(`/workflows/${id}`);
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await inspector.getByLabel('Tokens at most').fill('1');
  await inspector.getByLabel('Dollars at most').fill('0.5');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved as version 2')).toBeVisible();
  await clean(page);
  const kept = await (await api.get(`/api/workflows/${id}`)).json();
  expect(kept.graph.limits).toEqual({ max_tokens: 1, max_cost_usd: 0.5 });

  await page.goto(`/runs/${await begin()}`);
  await expect(node('first').locator('.wf-node')).toHaveClass(/run-done/);
  await expect(node('second').locator('.wf-node')).toHaveClass(/run-failed/);
  await expect(details.getByText(/may take 1 tokens, and this one has taken/)).toBeVisible();

  await page.goto(`/workflows/${id}`);
  await inspector.getByLabel('Tokens at most').fill('');
  await inspector.getByLabel('Dollars at most').fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved as version 3')).toBeVisible();
  const freed = await (await api.get(`/api/workflows/${id}`)).json();
  expect(freed.graph.limits).toBeUndefined();
  await page
    .getByRole('tab', { name: 'Runs' })
    .or(page.getByRole('radio', { name: 'Runs' }))
    .first()
    .click();
  await expect(
    page
      .getByRole('list', { name: 'Runs' })
      .getByText(/tokens/)
      .first(),
  ).toBeVisible();
});
