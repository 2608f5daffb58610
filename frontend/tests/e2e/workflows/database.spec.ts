/** A database node shows what its action is given, keeps it, and is refused by name where there is no such account. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('workflows: a database is asked by an account of the operator', async ({ page, api }) => {
  const name = `ledgers-${Date.now()}`;
  const answer = await api.post('/api/workflows', {
    data: {
      name,
      graph: {
        schema: 'conductor.workflow/1',
        name,
        title: 'Ledgers',
        source_format: 'native',
        nodes: [
          {
            id: 'look',
            kind: 'database',
            name: 'Look it up',
            config: {
              data_source: 'ledger',
              db_type: 'postgresql',
              action: 'select',
              query: 'SELECT * FROM entries WHERE id = {{inputs.id}}',
            },
            layout: { x: 0, y: 0 },
          },
        ],
        edges: [],
        entry: ['look'],
        exit: ['look'],
      },
    },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  const { id } = await answer.json();

  await page.goto(`/workflows/${id}`);
  await page.locator('.react-flow__node[data-id="look"]').click();
  const inspector = page.getByRole('complementary', { name: 'Inspector' });
  await expect(inspector.getByLabel('Data source')).toHaveValue('ledger');
  await expect(inspector.getByRole('textbox', { name: 'Which rows' })).toHaveCount(0);
  await inspector.getByLabel('Action').selectOption('delete');
  await expect(inspector.getByRole('textbox', { name: 'Which rows' })).toBeVisible();
  await inspector.getByLabel('Action').selectOption('select');
  await expect(inspector.getByRole('textbox', { name: 'Which rows' })).toHaveCount(0);
  await clean(page);

  const started = await api.post(`/api/workflows/execute/${name}`, { data: { inputs: { id: 7 } } });
  expect(started.status(), await started.text()).toBe(200);
  const run = await started.json();
  expect(run.status).toBe('failed');
  expect(run.error.message).toContain('LEDGER_POSTGRESQL_URL');
});
