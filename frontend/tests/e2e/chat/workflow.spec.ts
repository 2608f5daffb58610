/** A workflow that an answer began: its question is in the chat, is answered there, and the run is a click away. */
import { expect, test } from '../../fixtures/test';

test('F-373: an answer runs a workflow, which asks in the chat and goes on there', async ({
  page,
  chat,
  api,
  scripted,
}) => {
  const name = `pays-in-chat-${Date.now()}`;
  const node = (id: string, kind: string, config = {}) => ({
    id,
    kind,
    config,
    on_error: 'stop',
    layout: { x: 0, y: 0 },
  });
  const made = await api.post('/api/workflows', {
    data: {
      name,
      graph: {
        schema: 'conductor.workflow/1',
        name,
        source_format: 'native',
        triggers: [],
        inputs: [{ name: 'amount', type: 'number', required: true }],
        outputs: [],
        variables: {},
        nodes: [
          node('start', 'start'),
          node('ask', 'human', {
            title: 'Pay {{input.amount}} from the chat?',
            decisions: ['approve', 'reject'],
          }),
          node('end', 'end'),
        ],
        edges: [
          { id: 'e1', from: 'start', port: 'out', to: 'ask' },
          { id: 'e2', from: 'ask', port: 'decision:approve', to: 'end' },
        ],
        entry: ['start'],
        exit: ['end'],
      },
    },
  });
  expect(made.status(), await made.text()).toBe(201);
  scripted.on(
    'settle the invoice',
    [{ tool: `workflow_${name}`, arguments: { inputs: { amount: 41 } } }],
    [{ text: 'The invoice is settled.' }],
  );
  await chat.openNew();
  await chat.ask('Please settle the invoice.');
  const question = chat.answer().getByRole('region', { name: 'A person is asked: Pay 41 from the chat?' });
  await expect(question).toBeVisible();
  // It is the same question in another window, and it is there again after a reload.
  await page.reload();
  await question.getByRole('button', { name: 'Approve' }).click();
  await expect(chat.text()).toHaveText('The invoice is settled.');
  await expect(question).toHaveCount(0);
  await chat
    .answer()
    .getByRole('button', { name: `workflow_${name}` })
    .click();
  await chat.answer().getByRole('link', { name: 'Open the run' }).click();
  await expect(page).toHaveURL(/\/runs\//);
  await expect(page.getByRole('heading', { name })).toBeVisible();
});
