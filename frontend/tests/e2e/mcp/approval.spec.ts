/** A tool that may change something waits for a person; the server is the protocol's reference server. */
import type { APIRequestContext, APIResponse } from '@playwright/test';
import { Everything } from '../../fixtures/everything';
import type { ChatRequest, Step } from '../../fixtures/provider';
import { test as base, expect } from '../../fixtures/test';

interface Tools {
  id: string;
  server: Everything;
  /** Calls that reached the server and came back, as the records tell it. */
  calls: () => Promise<{ id: string; input?: unknown }[]>;
}

async function ok<T>(answer: Promise<APIResponse>): Promise<T> {
  const response = await answer;
  expect(response.ok(), `${response.url()}: ${await response.text()}`).toBe(true);
  return (response.status() === 204 ? null : await response.json()) as T;
}

/** Registers the server, takes over its tools, and gives them to the agent that answers by default. */
async function connect(api: APIRequestContext, url: string): Promise<string> {
  const name = `Everything ${Date.now()}`;
  const { id } = await ok<{ id: string }>(
    api.post('/api/mcp/servers', { data: { name, transport: 'http', endpoint: url, enabled: true } }),
  );
  await ok(api.post(`/api/mcp/servers/${id}/connect`, { data: {} }));
  const { tools } = await ok<{ tools: { id: string; name: string }[] }>(
    api.post(`/api/mcp/servers/${id}/discover`, { data: {} }),
  );
  const sum = tools.find((tool) => tool.name === 'get-sum');
  await ok(api.put(`/api/mcp/servers/${id}/tools/${sum?.id}`, { data: { approval: 'ask' } }));
  const agent = await ok<{ id: string }>(
    api.post('/api/agents', {
      data: {
        name: `Clerk ${Date.now()}`,
        system_prompt: 'You add numbers.',
        model: 'gpt-4o',
        mcp_servers: [{ server_id: id }],
      },
    }),
  );
  await ok(api.put('/api/auth/profile', { data: { default_agent_id: agent.id } }));
  return id;
}

const test = base.extend<{ tools: Tools }>({
  tools: async ({ api }, use) => {
    const server = await Everything.start();
    const id = await connect(api, server.url);
    await use({
      id,
      server,
      calls: async () => {
        const { items } = await ok<{ items: { id: string; status: string; input?: unknown }[] }>(
          api.get(`/api/mcp/servers/${id}/logs`),
        );
        return items.filter((run) => run.status === 'succeeded');
      },
    });
    await ok(api.put('/api/auth/profile', { data: { default_agent_id: null } }));
    await server.stop();
  },
});

/** The name under which the model was offered a tool; servers may prefix it. */
function offered(request: ChatRequest, name: string): string {
  return (
    request.tools?.map((tool) => tool.function.name).find((candidate) => candidate.endsWith(name)) ?? name
  );
}

/** Calls the tool once, then answers by what came back. */
function adds(request: ChatRequest): Step[] {
  const turn = request.messages.slice(request.messages.findLastIndex((message) => message.role === 'user'));
  const results = turn.filter((message) => message.role === 'tool');
  if (results.length === 0) return [{ tool: offered(request, 'get-sum'), arguments: { a: 1204, b: 1421 } }];
  return [{ text: `The tool said: ${JSON.stringify(results.at(-1)?.content)}` }];
}

/** What the record of the newest answer's run holds about decisions. */
async function decisions(api: APIRequestContext, conversationId: string): Promise<unknown[]> {
  const { items } = await ok<{ items: { run_id: string }[] }>(
    api.get(`/api/conversations/${conversationId}/messages`),
  );
  const events = await ok<{ items: { type: string; human_task?: unknown }[] }>(
    api.get(`/api/runs/${items.at(-1)?.run_id}/events?after=0&limit=100`, {
      headers: { accept: 'application/json' },
    }),
  );
  return events.items.filter(({ type }) => type === 'approval.decided').map((event) => event.human_task);
}

test('UX-20: the question is inline, survives a reload, and allows once by keyboard', async ({
  page,
  chat,
  api,
  scripted,
  tools,
}) => {
  scripted.on('add this', adds);
  await chat.openNew();
  await chat.ask('Please add this');
  const question = page.getByRole('region', { name: 'Approval needed' });
  await expect(question).toContainText('get-sum');
  await expect(question).toContainText('Everything');
  await expect(question).toContainText('1204');
  await expect(question).toContainText(/risk|change data/);
  await expect(chat.answer()).toContainText('waiting for you');
  await expect(page.getByRole('link', { name: /Inbox/ })).toContainText('1');
  expect(await tools.calls()).toHaveLength(0);

  await page.reload();
  await expect(question).toContainText('1204');
  await question.getByRole('button', { name: 'Allow once' }).focus();
  // All four answers are in reach of the Tab key.
  for (const name of ['Allow in this chat', 'Always allow', 'Deny']) {
    await page.keyboard.press('Tab');
    await expect(question.getByRole('button', { name })).toBeFocused();
  }
  await question.getByRole('button', { name: 'Allow once' }).focus();
  await page.keyboard.press('Enter');
  await expect(chat.text()).toContainText('The tool said:');
  await expect(chat.text()).toContainText('2625');
  await chat.settled();
  expect(await tools.calls()).toHaveLength(1);
  await expect(question).toHaveCount(0);
  expect(await decisions(api, chat.conversationId)).toMatchObject([{ decision: 'allow_once' }]);

  // The card tells what was decided, also after a reload.
  await page.reload();
  const card = page.locator('[data-tool*="get-sum"]');
  await card.getByRole('button', { name: /get-sum/ }).click();
  await expect(card).toContainText('Arguments');
  await expect(card).toContainText('2625');
  await expect(card).toContainText('Allowed once');
});

test('UX-20: a denial is an answer too', async ({ page, chat, api, scripted, tools }) => {
  scripted.on('add this', adds);
  await chat.openNew();
  await chat.ask('Please add this');
  const question = page.getByRole('region', { name: 'Approval needed' });
  await question.getByRole('button', { name: 'Deny' }).click();
  await expect(chat.text()).toContainText('The tool said:');
  await chat.settled();
  expect(await tools.calls()).toHaveLength(0);
  await expect(page.locator('[data-status="denied"]')).toContainText('Denied');
  expect(await decisions(api, chat.conversationId)).toMatchObject([{ decision: 'deny' }]);
});

test('UX-20: allowed for this chat is not asked again here', async ({ page, chat, scripted, tools }) => {
  scripted.on('add this', adds);
  await chat.openNew();
  await chat.ask('Please add this');
  await page
    .getByRole('region', { name: 'Approval needed' })
    .getByRole('button', { name: 'Allow in this chat' })
    .click();
  await expect(chat.text()).toContainText('The tool said:');
  await chat.settled();
  await chat.input.fill('And add this too');
  await chat.input.press('Enter');
  await expect(chat.answers).toHaveCount(2);
  await expect(chat.text()).toContainText('The tool said:');
  expect(await tools.calls()).toHaveLength(2);

  await page.getByRole('link', { name: 'New chat' }).first().click();
  await chat.ask('Please add this elsewhere');
  await expect(page.getByRole('region', { name: 'Approval needed' })).toBeVisible();
});

test('UX-20: always allowed is not asked again anywhere', async ({ page, chat, scripted, tools }) => {
  scripted.on('add this', adds);
  await chat.openNew();
  await chat.ask('Please add this');
  await page
    .getByRole('region', { name: 'Approval needed' })
    .getByRole('button', { name: 'Always allow' })
    .click();
  await expect(chat.text()).toContainText('The tool said:');
  await chat.settled();

  await page.getByRole('link', { name: 'New chat' }).first().click();
  await chat.ask('Please add this elsewhere');
  await expect(chat.text()).toContainText('The tool said:');
  await chat.settled();
  expect(await tools.calls()).toHaveLength(2);
});

test('UX-20: the inbox answers the same question', async ({ page, chat, scripted, tools }) => {
  scripted.on('add this', adds);
  await chat.openNew();
  await chat.ask('Please add this');
  await expect(page.getByRole('region', { name: 'Approval needed' })).toBeVisible();
  const there = page.url();
  await page.getByRole('link', { name: /Inbox/ }).click();
  await page
    .getByRole('region', { name: 'Approval needed' })
    .first()
    .getByRole('button', { name: 'Allow once' })
    .click();
  await expect.poll(async () => (await tools.calls()).length).toBe(1);
  await page.goto(there);
  await expect(chat.text()).toContainText('The tool said:');
});

test('UX-14: a tool whose server is gone fails in words, and the answer can be had again', async ({
  page,
  chat,
  api,
  scripted,
  tools,
}) => {
  scripted.on('add this', adds);
  await chat.openNew();
  await chat.ask('Please add this');
  const question = page.getByRole('region', { name: 'Approval needed' });
  await expect(question).toBeVisible();
  await tools.server.stop();
  await question.getByRole('button', { name: 'Allow in this chat' }).click();
  // The card of a failed call stays open and says why.
  const card = page.locator('[data-tool*="get-sum"]');
  await expect(card).toHaveAttribute('data-status', 'failed');
  await expect(card.getByRole('term').filter({ hasText: 'Error' })).toBeVisible();
  await chat.settled();

  const moved = await Everything.start();
  try {
    await ok(api.put(`/api/mcp/servers/${tools.id}`, { data: { endpoint: moved.url } }));
    await chat.answer().getByRole('button', { name: 'Regenerate', exact: true }).click();
    await expect(chat.text()).toContainText('2625');
    await chat.settled();
    await expect(chat.questions).toHaveCount(1);
    await expect(chat.answer().getByTestId('branch')).toContainText('2/2');
    expect(await tools.calls()).toHaveLength(1);
  } finally {
    await moved.stop();
  }
});
