/** A tool that writes waits for a person. */
import type { APIRequestContext } from '@playwright/test';
import type { ChatRequest, Step } from '../../fixtures/provider';
import { test as base, expect } from '../../fixtures/test';
import { ToolServer } from '../../fixtures/tool-server';

const test = base.extend<{ tools: ToolServer }>({
  tools: async ({ api }, use) => {
    const tools = await ToolServer.start();
    await connect(api, tools.url);
    await use(tools);
    await tools.stop();
  },
});

async function ok(answer: Promise<import('@playwright/test').APIResponse>): Promise<unknown> {
  const response = await answer;
  expect(response.ok(), `${response.url()}: ${await response.text()}`).toBe(true);
  return response.status() === 204 ? null : response.json();
}

/** Registers the server, takes over its tools, and gives them to the agent that answers by default. */
async function connect(api: APIRequestContext, url: string): Promise<void> {
  const server = (await ok(
    api.post('/api/mcp/servers', {
      data: {
        name: `Notes ${Date.now()}`,
        transport: 'http',
        endpoint: url,
        visibility: 'private',
        enabled: true,
      },
    }),
  )) as { id: string };
  await ok(api.post(`/api/mcp/servers/${server.id}/connect`, { data: {} }));
  const found = (await ok(api.post(`/api/mcp/servers/${server.id}/discover`, { data: {} }))) as {
    tools: { id: string; name: string }[];
  };
  expect(found.tools.map((tool) => tool.name).sort()).toEqual(['read_note', 'write_note']);
  for (const tool of found.tools) {
    const reads = tool.name === 'read_note';
    await ok(
      api.put(`/api/mcp/servers/${server.id}/tools/${tool.id}`, {
        data: { enabled: true, read_only: reads, approval: reads ? 'never' : 'ask' },
      }),
    );
  }
  const me = (await ok(api.get('/api/auth/me'))) as { user: { default_agent_id?: string | null } };
  const agent = (await ok(
    api.post('/api/agents', {
      data: {
        name: `Clerk ${Date.now()}`,
        system_prompt: 'You keep notes.',
        model: 'gpt-4o',
        mcp_servers: [{ server_id: server.id }],
      },
    }),
  )) as { id: string };
  expect(me.user).toBeTruthy();
  await ok(api.put('/api/auth/profile', { data: { default_agent_id: agent.id } }));
}

/** The name under which the model was offered a tool; servers may prefix it. */
function offered(request: ChatRequest, name: string): string {
  return (
    request.tools?.map((tool) => tool.function.name).find((candidate) => candidate.endsWith(name)) ?? name
  );
}

const note = { title: 'Harbour', text: 'Low tide at nine.' };

/** Calls the tool once, then answers by what came back. */
function writes(request: ChatRequest): Step[] {
  const turn = request.messages.slice(request.messages.findLastIndex((message) => message.role === 'user'));
  const results = turn.filter((message) => message.role === 'tool');
  if (results.length === 0) return [{ tool: offered(request, 'write_note'), arguments: note }];
  return [{ text: `The tool said: ${JSON.stringify(results.at(-1)?.content)}` }];
}

test('UX-20: the question is inline, survives a reload, and allows once by keyboard', async ({
  page,
  chat,
  scripted,
  tools,
}) => {
  scripted.on('note this', writes);
  await chat.openNew();
  await chat.ask('Please note this');
  const question = page.getByRole('region', { name: 'Approval needed' });
  await expect(question).toContainText('write_note');
  await expect(question).toContainText('Notes');
  await expect(question).toContainText('Low tide at nine.');
  await expect(chat.answer()).toContainText('waiting for you');
  await expect(page.getByRole('link', { name: /Inbox/ })).toContainText('1');
  expect(tools.calls).toHaveLength(0);

  await page.reload();
  await expect(question).toContainText('Low tide at nine.');
  await question.getByRole('button', { name: 'Allow once' }).focus();
  await page.keyboard.press('Enter');
  await expect(chat.text()).toContainText('The tool said:');
  await chat.settled();
  expect(tools.calls).toEqual([{ name: 'write_note', arguments: note }]);
  await expect(question).toHaveCount(0);

  // The card tells what was decided, also after a reload.
  await page.reload();
  const card = page.locator('[data-tool*="write_note"]');
  await card.getByRole('button', { name: /write_note/ }).click();
  await expect(card).toContainText('Arguments');
  await expect(card).toContainText('Written.');
  await expect(card).toContainText('Allowed once');
});

test('UX-20: a denial is an answer too', async ({ page, chat, scripted, tools }) => {
  scripted.on('note this', writes);
  await chat.openNew();
  await chat.ask('Please note this');
  const question = page.getByRole('region', { name: 'Approval needed' });
  await question.getByRole('button', { name: 'Deny' }).click();
  await expect(chat.text()).toContainText('The tool said:');
  await chat.settled();
  expect(tools.calls).toHaveLength(0);
  await expect(page.locator('[data-status="denied"]')).toContainText('Denied');
});

test('UX-20: allowed for this chat is not asked again here', async ({ page, chat, scripted, tools }) => {
  scripted.on('note this', writes);
  await chat.openNew();
  await chat.ask('Please note this');
  await page
    .getByRole('region', { name: 'Approval needed' })
    .getByRole('button', { name: 'Allow in this chat' })
    .click();
  await expect(chat.text()).toContainText('The tool said:');
  await chat.settled();
  await chat.input.fill('And note this too');
  await chat.input.press('Enter');
  await expect(chat.answers).toHaveCount(2);
  await expect(chat.text()).toContainText('The tool said:');
  expect(tools.calls).toHaveLength(2);

  await page.getByRole('link', { name: 'New chat' }).first().click();
  await chat.ask('Please note this elsewhere');
  await expect(page.getByRole('region', { name: 'Approval needed' })).toBeVisible();
});

test('UX-20: the inbox answers the same question', async ({ page, chat, scripted, tools }) => {
  scripted.on('note this', writes);
  await chat.openNew();
  await chat.ask('Please note this');
  await expect(page.getByRole('region', { name: 'Approval needed' })).toBeVisible();
  const there = page.url();
  await page.getByRole('link', { name: /Inbox/ }).click();
  await page
    .getByRole('region', { name: 'Approval needed' })
    .first()
    .getByRole('button', { name: 'Allow once' })
    .click();
  await expect.poll(() => tools.calls.length).toBe(1);
  await page.goto(there);
  await expect(chat.text()).toContainText('The tool said:');
});
