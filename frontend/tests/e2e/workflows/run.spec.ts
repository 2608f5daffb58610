/** Workflows run: started from the designer, answered and followed on the page of the run, found again in their list. */
import type { APIRequestContext, Locator, Page } from '@playwright/test';
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

interface Drawn {
  id: string;
  kind: string;
  [field: string]: unknown;
}

const START: Drawn = { id: 'start', kind: 'start' };
const END: Drawn = { id: 'end', kind: 'end' };

/** Makes a workflow, with nodes below each other in the order in which they are named. */
async function made(
  api: APIRequestContext,
  {
    title,
    inputs = [],
    outputs = [],
    nodes,
    edges,
  }: {
    title: string;
    inputs?: object[];
    outputs?: object[];
    nodes: Drawn[];
    edges: [from: string, port: string, to: string][];
  },
): Promise<string> {
  const name = `${title.toLowerCase().replace(/\W+/g, '-')}-${Date.now()}`;
  const answer = await api.post('/api/workflows', {
    data: {
      name,
      title,
      graph: {
        schema: 'conductor.workflow/1',
        name,
        title,
        source_format: 'native',
        triggers: [],
        inputs,
        outputs,
        variables: {},
        nodes: nodes.map((node, at) => ({
          config: {},
          on_error: 'stop',
          layout: { x: 0, y: at * 140 },
          ...node,
        })),
        edges: edges.map(([from, port, to], at) => ({ id: `e${at + 1}`, from, port, to })),
        entry: ['start'],
        exit: ['end'],
      },
    },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  return (await answer.json()).id;
}

async function begun(api: APIRequestContext, id: string, inputs: object = {}): Promise<string> {
  const answer = await api.post(`/api/workflows/${id}/execute`, { data: { inputs } });
  expect(answer.status(), await answer.text()).toBe(201);
  return (await answer.json()).run.id;
}

const node = (page: Page, id: string): Locator => page.locator(`.react-flow__node[data-id="${id}"]`);
const panel = (page: Page) => page.getByRole('region', { name: 'Run', exact: true });
const details = (page: Page) => page.getByRole('complementary', { name: 'Details' });
const state = (page: Page, id: string) => node(page, id).locator('.wf-node');

const GREETING = {
  title: 'Harbour greeting',
  inputs: [
    { name: 'ship', type: 'string', required: true },
    { name: 'length', type: 'integer', required: false, default: 40 },
    { name: 'pilot', type: 'boolean', required: false, default: false },
    { name: 'berths', type: 'array', required: false, default: ['A'] },
  ],
  outputs: [{ name: 'words', type: 'string', from: '{{ steps.greet.output.words }}' }],
  nodes: [
    START,
    {
      id: 'greet',
      kind: 'transform',
      name: 'Greet',
      inputs: { words: 'Welcome, {{ inputs.ship }}', length: '{{ inputs.length }}' },
    },
    END,
  ],
  edges: [
    ['start', 'out', 'greet'],
    ['greet', 'out', 'end'],
  ] as [string, string, string][],
};

test('runs: a workflow is started from the designer by keyboard, and its nodes light up', async ({
  page,
  api,
}) => {
  const id = await made(api, GREETING);
  await page.goto(`/workflows/${id}`);
  await expect(node(page, 'greet')).toBeVisible();
  await page.keyboard.press('Control+Enter');
  const dialog = page.getByRole('dialog', { name: 'Run Harbour greeting' });
  const ship = dialog.getByRole('textbox', { name: 'ship' });
  await expect(ship).toBeFocused();
  await page.keyboard.press('Control+Enter');
  await expect(dialog.getByRole('alert')).toHaveText('This is needed.');
  await ship.fill('Aurora');
  await dialog.getByRole('textbox', { name: 'length' }).fill('12.5');
  await dialog.getByRole('textbox', { name: 'berths' }).fill('{}');
  await dialog.getByRole('button', { name: 'Run' }).click();
  await expect(dialog.getByRole('alert')).toHaveCount(2);
  await clean(page);
  await dialog.getByRole('textbox', { name: 'length' }).fill('12');
  await dialog.getByRole('textbox', { name: 'berths' }).fill('["B", "C"]');
  await dialog.getByRole('radio', { name: 'JSON' }).click();
  await expect(dialog.getByRole('textbox', { name: 'Inputs' })).toHaveValue(/"Aurora"/);
  await dialog.getByRole('button', { name: 'Run' }).click();

  await expect(panel(page).getByText('Done', { exact: true }).first()).toBeVisible();
  await expect(panel(page)).toContainText('Welcome, Aurora');
  await expect(state(page, 'greet')).toHaveClass(/run-done/);
  await clean(page);
  await node(page, 'greet').click();
  await expect(panel(page).getByRole('heading', { name: 'Greet' })).toBeVisible();
  await expect(panel(page)).toContainText('12');
  await panel(page).getByRole('button', { name: 'Run again' }).click();
  await expect(ship).toHaveValue('Aurora');
  await page.keyboard.press('Escape');
  await panel(page).getByRole('button', { name: 'Close the run' }).click();
  await expect(state(page, 'greet')).not.toHaveClass(/run-/);
});

test('runs: what the server refuses stands at its field', async ({ page, api, guard }) => {
  guard.allow(/422/);
  const id = await made(api, GREETING);
  await page.goto(`/workflows/${id}`);
  // Somebody takes the input away that the page still shows.
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const current = await (await api.get(`/api/workflows/${id}`)).json();
  const graph = {
    ...current.graph,
    inputs: current.graph.inputs.map((input: { name: string }) =>
      input.name === 'length' ? { ...input, type: 'string' } : input,
    ),
  };
  const changed = await api.patch(`/api/workflows/${id}`, {
    data: { graph },
    headers: { 'If-Match': `"${current.revision}"` },
  });
  expect(changed.ok(), await changed.text()).toBe(true);
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'ship' }).fill('Aurora');
  await dialog.getByRole('button', { name: 'Run' }).click();
  await expect(dialog.getByRole('textbox', { name: 'length' })).toHaveAttribute('aria-invalid', 'true');
});

test('runs: what is not saved is saved first', async ({ page, api }) => {
  const id = await made(api, { ...GREETING, title: 'Unsaved', inputs: [] });
  await page.goto(`/workflows/${id}`);
  await node(page, 'greet').click();
  await page
    .getByRole('complementary', { name: 'Inspector' })
    .getByRole('textbox', { name: 'Name', exact: true })
    .fill('Say hello');
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Your changes are not saved yet.');
  await dialog.getByRole('textbox', { name: 'Inputs' }).fill('{ "ship": "Borea" }');
  await dialog.getByRole('button', { name: 'Save and run' }).click();
  await expect(page.getByText('Saved as version 2')).toBeVisible();
  await expect(panel(page)).toContainText('Say hello');
  await expect(panel(page)).toContainText('Welcome, Borea');
  const runs = await (await api.get(`/api/workflows/${id}/executions`)).json();
  expect(runs.items[0]).toMatchObject({ workflow_version: 2, trigger: 'test', status: 'succeeded' });
});

const ASKING = {
  title: 'Ask the harbour master',
  outputs: [{ name: 'comment', type: 'string', from: '{{ steps.ask.output.comment }}' }],
  nodes: [
    START,
    {
      id: 'ask',
      kind: 'human',
      name: 'Harbour master',
      config: {
        title: 'Let {{ inputs.ship }} in?',
        message: 'She is early.',
        decisions: ['admit', 'turn_away'],
        comment_required: true,
        due_ms: 3_600_000,
      },
    },
    { id: 'away', kind: 'transform', name: 'Send away', inputs: { gone: true } },
    END,
  ],
  edges: [
    ['start', 'out', 'ask'],
    ['ask', 'decision:admit', 'end'],
    ['ask', 'decision:turn_away', 'away'],
    ['away', 'out', 'end'],
  ] as [string, string, string][],
};

test('runs: a person answers on the page of the run, and it goes on', async ({ page, api }) => {
  const id = await made(api, ASKING);
  const run = await begun(api, id, { ship: 'Aurora' });
  await page.goto(`/runs/${run}`);
  await expect(page.getByRole('heading', { level: 1, name: 'Ask the harbour master' })).toBeVisible();
  await expect(state(page, 'ask')).toHaveClass(/run-waiting/);
  const question = details(page).getByRole('region', { name: /Let Aurora in\?/ });
  await expect(question).toContainText('She is early.');
  await expect(question).toContainText('Due');
  await question.getByRole('button', { name: 'Admit' }).click();
  await expect(question.getByRole('alert')).toContainText('wants a comment');
  await clean(page);
  await question.getByRole('textbox', { name: 'Comment' }).fill('The quay is free.');
  await question.getByRole('button', { name: 'Admit' }).click();

  await expect(state(page, 'ask')).toHaveClass(/run-done/);
  await expect(state(page, 'away')).toHaveClass(/run-skipped/);
  await expect(details(page).getByRole('region', { name: 'Outputs' })).toContainText('The quay is free.');
  await node(page, 'ask').click();
  await expect(details(page)).toContainText('Admit');
  await page.reload();
  await expect(state(page, 'ask')).toHaveClass(/run-done/);
  await expect(details(page).getByRole('region', { name: 'Outputs' })).toContainText('The quay is free.');
  await clean(page);
});

test('runs: the inbox shows a question as the workflow words it', async ({ page, api }) => {
  const id = await made(api, ASKING);
  const run = await begun(api, id, { ship: 'Borea' });
  await page.goto('/inbox');
  const question = page.getByRole('region', { name: /Let Borea in\?/ });
  await question.getByRole('textbox', { name: 'Comment' }).fill('Too early.');
  await clean(page);
  await question.getByRole('button', { name: 'Turn away' }).click();
  await expect(question).toHaveCount(0);
  await page.goto(`/runs/${run}`);
  await expect(state(page, 'away')).toHaveClass(/run-done/);
});

test('runs: a failing node says what went wrong, on itself and for the run', async ({ page, api }) => {
  const id = await made(api, {
    title: 'Broken list',
    nodes: [
      START,
      { id: 'count', kind: 'transform', name: 'Count', inputs: { ships: 1 } },
      { id: 'each', kind: 'map', name: 'Each ship', config: { over: '{{ steps.count.output.ships }}' } },
      { id: 'greet', kind: 'transform', name: 'Greet', inputs: { x: 1 } },
      END,
    ],
    edges: [
      ['start', 'out', 'count'],
      ['count', 'out', 'each'],
      ['each', 'loop', 'greet'],
      ['greet', 'out', 'each'],
      ['each', 'out', 'end'],
    ],
  });
  await page.goto(`/workflows/${id}`);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Run' }).click();
  await expect(panel(page).getByRole('alert')).toContainText('Each ship failed');
  await expect(state(page, 'each')).toHaveClass(/run-failed/);
  await panel(page).getByRole('button', { name: 'Show node' }).click();
  await expect(panel(page).getByRole('heading', { name: 'Each ship' })).toBeVisible();
  await clean(page);
  await panel(page).getByRole('link', { name: 'Open run' }).click();
  await expect(page).toHaveURL(/\/runs\//);
  await details(page).getByRole('button', { name: 'Show node' }).click();
  await expect(details(page).getByRole('alert')).toContainText('list');
  await expect(node(page, 'each')).toHaveAccessibleName(/Failed/);
});

test('runs: rounds are looked at one by one, and a node is told of an event', async ({ page, api }) => {
  const id = await made(api, {
    title: 'Rounds and tides',
    inputs: [{ name: 'ships', type: 'array', required: true }],
    nodes: [
      START,
      { id: 'each', kind: 'map', name: 'Each ship', config: { over: '{{ inputs.ships }}', item: 'ship' } },
      { id: 'greet', kind: 'transform', name: 'Greet', inputs: { name: '{{ var.ship }}' } },
      { id: 'tide', kind: 'wait', name: 'High water', config: { event: 'tide' } },
      END,
    ],
    edges: [
      ['start', 'out', 'each'],
      ['each', 'loop', 'greet'],
      ['greet', 'out', 'each'],
      ['each', 'out', 'tide'],
      ['tide', 'out', 'end'],
    ],
  });
  const run = await begun(api, id, { ships: ['Aurora', 'Borea', 'Castor'] });
  await page.goto(`/runs/${run}`);
  const timeline = page.getByRole('list', { name: 'Timeline' });
  await timeline.getByRole('button', { name: /^Greet 2/ }).click();
  await expect(details(page).getByRole('region', { name: 'Output' })).toContainText('Borea');
  await details(page).getByRole('combobox', { name: 'Which turn of this node' }).selectOption({ index: 2 });
  await expect(details(page).getByRole('region', { name: 'Output' })).toContainText('Castor');
  await timeline.getByRole('button', { name: /^High water/ }).click();
  await clean(page);
  await details(page).getByRole('textbox', { name: 'What it carries' }).fill('{ "height": 3 }');
  await details(page).getByRole('button', { name: '“tide” happened' }).click();
  await expect(details(page).getByRole('region', { name: 'Output' })).toContainText('height');
  await expect(state(page, 'end')).toHaveClass(/run-done/);
});

test('runs: one that waits is stopped, found in the list, and run again', async ({ page, api }) => {
  const id = await made(api, ASKING);
  await page.goto(`/workflows/${id}`);
  await page.getByRole('radio', { name: 'Runs' }).click();
  await expect(page.getByText('It has not run yet')).toBeVisible();
  await clean(page);
  const run = await begun(api, id, { ship: 'Aurora' });
  await page.goto(`/runs/${run}`);
  await expect(state(page, 'ask')).toHaveClass(/run-waiting/);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(state(page, 'ask')).toHaveClass(/run-stopped/);
  await page.getByRole('link', { name: 'Back to the workflow' }).click();
  await page.getByRole('radio', { name: 'Runs' }).click();
  const runs = page.getByRole('list', { name: 'Runs' });
  await expect(runs.getByRole('link')).toHaveCount(1);
  await expect(runs).toContainText('Stopped');
  await clean(page);
  await runs.getByRole('link').click();
  await page.getByRole('button', { name: 'Run again' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('textbox', { name: 'Inputs' })).toHaveValue(/Aurora/);
  await dialog.getByRole('button', { name: 'Run' }).click();
  await expect(page).not.toHaveURL(new RegExp(run));
  await expect(state(page, 'ask')).toHaveClass(/run-waiting/);
});

test('runs: one that failed goes on from its failed node, with other inputs and another node', async ({
  page,
  api,
}) => {
  const id = await made(api, {
    title: 'Harbour dues',
    inputs: [
      { name: 'tons', type: 'number', required: true },
      { name: 'berths', type: 'number', required: true },
    ],
    nodes: [
      START,
      { id: 'weigh', kind: 'transform', name: 'Weigh', inputs: { tons: '{{input.tons}}' } },
      {
        id: 'share',
        kind: 'transform',
        name: 'Share out',
        inputs: { dues: '{{input.tons / input.berths}}' },
      },
      END,
    ],
    edges: [
      ['start', 'out', 'weigh'],
      ['weigh', 'out', 'share'],
      ['share', 'out', 'end'],
    ],
  });
  const first = await begun(api, id, { tons: 60, berths: 0 });
  await page.goto(`/runs/${first}`);
  await expect(details(page)).toContainText('Share out failed');
  await details(page).getByRole('button', { name: 'Go on from here' }).click();
  const dialog = page.getByRole('dialog', { name: 'Go on from “Share out”' });
  await clean(page);
  await expect(dialog.getByRole('textbox', { name: 'tons' })).toHaveValue('60');
  await dialog.getByRole('textbox', { name: 'berths' }).fill('4');
  await dialog.getByRole('textbox', { name: 'What it is given' }).fill('{ dues');
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await expect(dialog.getByRole('alert')).toContainText('no JSON');
  await dialog
    .getByRole('textbox', { name: 'What it is given' })
    .fill('{ "dues": "{{input.tons / input.berths * 2}}" }');
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await expect(page).not.toHaveURL(new RegExp(first));
  await expect(state(page, 'end')).toHaveClass(/run-done/);
  await node(page, 'share').click();
  await expect(details(page)).toContainText('30');
  await details(page).getByRole('button', { name: 'The whole run' }).click();
  await details(page).getByRole('button', { name: 'Replay without calls' }).click();
  await expect(details(page)).toContainText('all of them came out the same');
  // Step by step it is seen how it stood.
  const steps = page.getByRole('slider', { name: 'Step through the run' });
  await steps.focus();
  await steps.press('Home');
  await expect(state(page, 'end')).not.toHaveClass(/run-done/);
  await clean(page);
  await steps.press('End');
  await expect(state(page, 'end')).toHaveClass(/run-done/);
  await details(page).getByRole('link', { name: 'Goes on from an earlier run' }).click();
  await expect(page).toHaveURL(new RegExp(first));
  await expect(details(page)).toContainText('Share out failed');
});

for (const theme of ['light', 'dark'] as const) {
  test(`runs: on a phone nothing is cut off, and axe finds nothing, ${theme}`, async ({ page, api }) => {
    await page.addInitScript((value) => {
      localStorage.setItem('conductor.appearance', JSON.stringify({ theme: value }));
    }, theme);
    await page.setViewportSize({ width: 360, height: 780 });
    const id = await made(api, ASKING);
    const run = await begun(api, id, { ship: 'Aurora' });
    const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
    await page.goto(`/runs/${run}`);
    await expect(details(page).getByRole('button', { name: 'Admit' })).toBeVisible();
    expect(await wide()).toBeLessThanOrEqual(360);
    await clean(page);
    await page.getByRole('radio', { name: 'Events' }).click();
    await clean(page);
    await page.goto(`/workflows/${id}`);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Inputs' }).fill('{ "ship": "Borea" }');
    await clean(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Run' }).click();
    await expect(panel(page).getByRole('button', { name: 'Admit' })).toBeVisible();
    expect(await wide()).toBeLessThanOrEqual(360);
    await clean(page);
    await page.getByRole('radio', { name: 'Runs' }).click();
    await expect(page.getByRole('list', { name: 'Runs' }).getByRole('link')).toHaveCount(2);
    await clean(page);
  });
}

test('runs: one goes on under a policy that only watches, and says what that decided', async ({
  page,
  api,
}) => {
  const name = `Tried on the tide ${Date.now()}`;
  const me = await (await api.get('/api/auth/me')).json();
  const stored = await api.post(`/api/v1/orgs/${me.organization.id}/policies`, {
    data: {
      name,
      mode: 'shadow',
      rules: [{ action: 'tool.invoke', target: 'tool:integration/email.send', effect: 'deny' }],
    },
  });
  expect(stored.status(), await stored.text()).toBe(201);
  const id = await made(api, {
    title: 'Tide tables',
    nodes: [START, { id: 'tell', kind: 'transform', name: 'Tell', inputs: { tide: 'high' } }, END],
    edges: [
      ['start', 'out', 'tell'],
      ['tell', 'out', 'end'],
    ],
  });
  const first = await begun(api, id, {});
  await page.goto(`/runs/${first}`);
  await expect(state(page, 'end')).toHaveClass(/run-done/);
  await node(page, 'tell').click();
  await details(page).getByRole('button', { name: 'Go on from here' }).click();
  const dialog = page.getByRole('dialog', { name: 'Go on from “Tell”' });
  await dialog.getByLabel('Under which policies').selectOption({ label: `${name} (only watches)` });
  await clean(page);
  await dialog.getByRole('button', { name: 'Go on' }).click();
  await expect(page).not.toHaveURL(new RegExp(first));
  await expect(details(page)).toContainText('Tried under a draft');
  await expect(details(page)).toContainText(`${name}, version 1`);
  await clean(page);
});

test('runs: a question says who was told of it and who was not, as the designer has it', async ({
  page,
  api,
}) => {
  const id = await made(api, {
    title: 'Tell the pilot',
    nodes: [
      START,
      {
        id: 'ask',
        kind: 'human',
        name: 'Pilot',
        config: {
          title: 'Steer her in?',
          decisions: ['yes'],
          priority: 'urgent',
          channels: ['web', 'slack'],
        },
      },
      END,
    ],
    edges: [
      ['start', 'out', 'ask'],
      ['ask', 'out', 'end'],
    ],
  });
  await page.goto(`/workflows/${id}`);
  await node(page, 'ask').click();
  await expect(page.getByRole('switch', { name: 'In their inbox' })).toBeChecked();
  await expect(page.getByRole('switch', { name: 'By mail' })).not.toBeChecked();
  await clean(page);
  const run = await begun(api, id);
  await page.goto(`/runs/${run}`);
  const question = details(page).getByRole('region', { name: /Steer her in\?/ });
  await expect(question).toContainText('Urgent');
  const told = question.getByRole('list', { name: 'Who was told' });
  await expect(told).toContainText('inbox');
  await expect(told).toContainText('write slack:#channel');
  await clean(page);
  await question.getByRole('button', { name: 'Yes' }).click();
  await expect(state(page, 'end')).toHaveClass(/run-done/);
});
