/** A workflow that an answer began: its question is in the chat, is answered there, and the run is a click away. */
import { expect, test } from '../../fixtures/test';
import { drawn, workflow } from '../../fixtures/workflow';

test('F-373: an answer runs a workflow, which asks in the chat and goes on there', async ({
  page,
  chat,
  api,
  scripted,
}) => {
  const name = `pays-in-chat-${Date.now()}`;
  const question = { title: 'Pay {{input.amount}} from the chat?', decisions: ['approve', 'reject'] };
  const made = await api.post('/api/workflows', {
    data: workflow(
      name,
      [drawn('start', 'start'), drawn('ask', 'human', question), drawn('end', 'end')],
      [
        { id: 'e1', from: 'start', port: 'out', to: 'ask' },
        { id: 'e2', from: 'ask', port: 'decision:approve', to: 'end' },
      ],
      [{ name: 'amount', type: 'number', required: true }],
    ),
  });
  expect(made.status(), await made.text()).toBe(201);
  scripted.on(
    'settle the invoice',
    [{ tool: `workflow_${name}`, arguments: { inputs: { amount: 41 } } }],
    [{ text: 'The invoice is settled.' }],
  );
  await chat.openNew();
  await chat.ask('Please settle the invoice.');
  const shown = chat.answer().getByRole('region', { name: 'A person is asked: Pay 41 from the chat?' });
  await expect(shown).toBeVisible();
  // It is the same question in another window, and it is there again after a reload.
  await page.reload();
  await shown.getByRole('button', { name: 'Approve' }).click();
  await expect(chat.text()).toHaveText('The invoice is settled.');
  await expect(shown).toHaveCount(0);
  await chat
    .answer()
    .getByRole('button', { name: `workflow_${name}` })
    .click();
  await chat.answer().getByRole('link', { name: 'Open the run' }).click();
  await expect(page).toHaveURL(/\/runs\//);
  await expect(page.getByRole('heading', { name })).toBeVisible();
});
