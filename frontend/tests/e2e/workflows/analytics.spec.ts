/** How a workflow does: figures of its runs, the runs over time, its nodes beside each other, and what they fail of. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('workflows: the page tells how a workflow does, and which node it is', async ({ page, api }) => {
  test.setTimeout(90_000);
  const name = `shares-${Date.now()}`;
  const answer = await api.post('/api/workflows', {
    data: {
      name,
      graph: {
        schema: 'conductor.workflow/1',
        name,
        title: 'Shares',
        source_format: 'native',
        nodes: [
          {
            id: 'divide',
            kind: 'transform',
            name: 'Divide the catch',
            inputs: { share: '{{input.fish / input.boats}}' },
            layout: { x: 0, y: 0 },
          },
          {
            id: 'tell',
            kind: 'transform',
            name: 'Tell the crew',
            inputs: { words: '{{steps.divide.output.share}}' },
            layout: { x: 0, y: 140 },
          },
        ],
        edges: [{ id: 'e1', from: 'divide', port: 'out', to: 'tell' }],
        entry: ['divide'],
        exit: ['tell'],
      },
    },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  const { id } = await answer.json();
  const analytics = async () => {
    await page.goto(`/workflows/${id}`);
    await page.getByRole('radio', { name: 'Runs' }).click();
    await page.getByRole('radio', { name: 'Analytics' }).click();
  };
  await analytics();
  await expect(page.getByText('No runs in this time')).toBeVisible();
  await clean(page);

  const ran = async (boats: number) => {
    const started = await api.post(`/api/workflows/execute/${name}`, {
      data: { inputs: { fish: 12, boats } },
    });
    expect(started.status(), await started.text()).toBe(200);
    return (await started.json()).execution_id;
  };
  for (const boats of [2, 3, 4]) await ran(boats);
  const failed = await ran(0);
  await analytics();
  const figures = page.getByRole('list', { name: 'In all' });
  await expect(figures.getByRole('listitem').filter({ hasText: 'Success rate' })).toContainText('75%');
  await expect(figures.getByRole('listitem').filter({ hasText: 'Success rate' })).toContainText('1 failed');
  await expect(page.getByRole('img', { name: 'Runs over time: 4, failed: 1' })).toBeVisible();
  const rows = page.getByRole('region', { name: 'Nodes' }).getByRole('row');
  await expect(rows.filter({ hasText: 'Divide the catch' }).getByRole('cell').nth(0)).toHaveText('4');
  await expect(rows.filter({ hasText: 'Divide the catch' }).getByRole('cell').nth(1)).toHaveText('1');
  await expect(rows.filter({ hasText: 'Divide the catch' })).toContainText('mostly expression_failed');
  await expect(rows.filter({ hasText: 'Tell the crew' }).getByRole('cell').nth(0)).toHaveText('3');
  await clean(page);

  await page.getByRole('radio', { name: '24 hours' }).click();
  await page.getByRole('radio', { name: 'Table' }).click();
  await expect(page.getByRole('region', { name: 'Runs over time' }).getByRole('row')).not.toHaveCount(1);
  await clean(page);
  const reasons = page.getByRole('region', { name: 'What runs failed of' });
  await expect(reasons).toContainText('Runs: 1');
  await reasons.getByRole('link', { name: 'Newest run' }).click();
  await expect(page).toHaveURL(new RegExp(`/runs/${failed}`));
});
