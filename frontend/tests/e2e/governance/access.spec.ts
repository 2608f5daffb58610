/** Access on the page: asked for, given, changed, reviewed and taken back, between two people. */
import { clean } from '../../fixtures/clean';
import { colleague } from '../../fixtures/people';
import { expect, test } from '../../fixtures/test';

test('access is asked for, given with an end, changed and taken back', async ({
  page,
  api,
  world,
  browser,
  playwright,
}) => {
  test.setTimeout(90_000);
  const { url } = world.server;
  const agent = await (await api.post('/api/agents', { data: { name: 'Poet of the house' } })).json();
  const helper = await (await api.post('/api/agents', { data: { name: 'Helper of the house' } })).json();
  const who = { api, url, email: 'grace@example.org', name: 'Grace Hill' };
  const theirs = await colleague(who, playwright, browser);

  // She knows the address, and may not know more.
  await theirs.goto(`/library/agents/${agent.id}`);
  await expect(theirs.getByText('This agent could not be loaded')).toBeVisible();
  await theirs.getByRole('button', { name: 'Request access' }).click();
  const ask = theirs.getByRole('dialog', { name: 'Request access to this agent' });
  await ask.getByRole('button', { name: 'Send request' }).click();
  await expect(ask.getByText('Say why you need it.')).toBeVisible();
  await ask.getByLabel('Why').fill('The anniversary speech');
  await ask.getByLabel('For').selectOption('8 hours');
  await clean(theirs);
  await ask.getByRole('button', { name: 'Send request' }).click();
  await expect(theirs.getByText('You have asked for access')).toBeVisible();

  // Its owner is told, and answers where every question waits.
  await page.goto('/');
  const main = page.getByRole('navigation', { name: 'Main' });
  await expect(main.getByRole('link', { name: /^Inbox/ })).toContainText('1');
  await main.getByRole('link', { name: /^Inbox/ }).click();
  const card = page.getByRole('article', { name: 'Request of Grace Hill' });
  await expect(card).toContainText('The anniversary speech');
  await expect(card).toContainText('Poet of the house');
  await clean(page);
  await card.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('Nothing waits for you')).toBeVisible();

  // Her page opens by itself where she was told, and says what she may not.
  await theirs.goto('/inbox');
  await expect(theirs.getByText('approved', { exact: true })).toBeVisible();
  await theirs.getByRole('link', { name: 'Poet of the house' }).click();
  await expect(theirs.getByRole('heading', { name: 'Poet of the house' })).toBeVisible();
  await expect(theirs.getByRole('button', { name: 'Edit' })).toHaveCount(0);
  await expect(theirs.getByRole('button', { name: 'Access', exact: true })).toHaveCount(0);

  // The list of who has access: she stands there with her end; another level counts at once.
  await page.goto(`/library/agents/${agent.id}`);
  await page.getByRole('button', { name: 'Access', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Access to Poet of the house' });
  const row = dialog.getByRole('listitem').filter({ hasText: 'grace@example.org' });
  await expect(row.getByText(/^Ends /)).toBeVisible();
  await row.getByLabel('Access of Grace Hill').selectOption('Use and change');
  await theirs.reload();
  await expect(theirs.getByRole('button', { name: 'Edit' })).toBeVisible();

  await dialog.getByRole('button', { name: 'Give access' }).click();
  await expect(dialog.getByText('Choose who gets access.')).toBeVisible();
  await dialog.getByLabel('Give access to').selectOption('Everyone with the role Viewer');
  await dialog.getByLabel('May').selectOption('See');
  await dialog.getByRole('button', { name: 'Give access' }).click();
  await expect(dialog.getByText('Role: Viewer')).toBeVisible();
  // An agent comes in with tokens of its own, and can be given access like anybody.
  await dialog.getByLabel('Give access to').selectOption('Helper of the house');
  await dialog.getByRole('button', { name: 'Give access' }).click();
  await expect(dialog.getByRole('listitem').filter({ hasText: 'Helper of the house' })).toBeVisible();
  await clean(page);
  await dialog.getByRole('button', { name: 'Take back from Grace Hill' }).click();
  await expect(row).toHaveCount(0);
  await theirs.reload();
  await expect(theirs.getByText('This agent could not be loaded')).toBeVisible();

  // A conversation is asked for where it would stand.
  const made = await api.post('/api/conversations', { data: { title: 'Plans of the house' } });
  const talk = (await made.json()).id;
  await theirs.goto(`/c/${talk}`);
  await theirs.getByRole('button', { name: 'Request access' }).click();
  await theirs.getByLabel('Why').fill('To go on with it');
  await theirs.getByRole('button', { name: 'Send request' }).click();
  await expect(theirs.getByText('You have asked for access')).toBeVisible();
  await page.goto('/inbox');
  await expect(card).toContainText('the conversation Plans of the house');
  await card.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('Nothing waits for you')).toBeVisible();
  await theirs.goto(`/c/${talk}`);
  await expect(theirs.getByRole('main').getByText('Plans of the house')).toBeVisible();

  // So is a workflow, and its name in the inbox leads to it. Who asked takes it back before anybody answered.
  const title = 'Chores of the house';
  const name = `chores-${Date.now()}`;
  const graph = {
    schema: 'conductor.workflow/1',
    name,
    title,
    source_format: 'native',
    nodes: [{ id: 'end', kind: 'end', config: {} }],
    edges: [],
    entry: ['end'],
    exit: ['end'],
  };
  const chores = await api.post('/api/workflows', { data: { name, title, graph, visibility: 'private' } });
  expect(chores.status()).toBe(201);
  const workflow = (await chores.json()).id;
  await theirs.goto(`/workflows/${workflow}`);
  await theirs.getByRole('button', { name: 'Request access' }).click();
  await theirs.getByLabel('Why').fill('To do them');
  await theirs.getByRole('button', { name: 'Send request' }).click();
  await expect(theirs.getByText('You have asked for access')).toBeVisible();
  await page.goto('/inbox');
  await card.getByRole('link').click();
  await expect(page).toHaveURL(new RegExp(`/workflows/${workflow}`));
  await theirs.goto('/inbox');
  await theirs.getByRole('button', { name: 'Withdraw' }).click();
  await expect(theirs.getByText('taken back', { exact: true })).toBeVisible();
  await page.goto('/inbox');
  await expect(page.getByText('Nothing waits for you')).toBeVisible();
  await theirs.context().close();
  await api.delete(`/api/workflows/${workflow}`);
  await api.delete(`/api/agents/${agent.id}`);
  await api.delete(`/api/agents/${helper.id}`);
});

test('accounts have attributes and a clearance, and grants are reviewed', async ({
  page,
  api,
  world,
  browser,
  playwright,
  guard,
}) => {
  test.setTimeout(90_000);
  // A name that no attribute can have.
  guard.allow(/422/);
  const who = { api, url: world.server.url, email: 'olaf@example.org', name: 'Olaf Stone' };
  const theirs = await colleague(who, playwright, browser);
  const user = (await (await theirs.request.get('/api/auth/me')).json()).user.id;
  await theirs.context().close();
  const agent = await (await api.post('/api/agents', { data: { name: 'Bookkeeper' } })).json();
  const grant = { resource_type: 'agent', resource_id: agent.id, subject_id: user, access_level: 'read' };
  expect((await api.post('/api/permissions/grant', { data: grant })).status()).toBe(201);

  await page.goto('/governance/users');
  const account = page.getByRole('listitem', { name: 'Olaf Stone' });
  await account.getByLabel('Clearance of Olaf Stone').selectOption('Up to confidential');
  await expect(account.getByText('Confidential', { exact: true })).toBeVisible();
  await account.getByRole('button', { name: 'Attributes' }).click();
  const dialog = page.getByRole('dialog', { name: 'Attributes of Olaf Stone' });
  await expect(dialog.getByText('Bookkeeper')).toBeVisible();
  await dialog.getByRole('button', { name: 'Add an attribute' }).click();
  await dialog.getByLabel('Name of attribute 1').fill('Department');
  await dialog.getByLabel('Value of attribute 1').fill('sales');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toContainText('lower-case');
  await dialog.getByLabel('Name of attribute 1').fill('department');
  await clean(page);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(account.getByRole('button', { name: '1 attribute' })).toBeVisible();
  const stored = (await (await api.get('/api/users')).json()).items.find(
    ({ id }: { id: string }) => id === user,
  );
  expect(stored.attributes).toEqual({ department: 'sales' });
  await page.getByText('Power user', { exact: true }).last().click();
  await expect(page.getByText('share').first()).toBeVisible();

  // How much of a day a role gives here.
  const calls = page.getByLabel('Calls a day of the role Power user');
  await calls.fill('many');
  await page.getByRole('button', { name: 'Save limit' }).filter({ visible: true }).click();
  await expect(page.getByText('Enter a whole number, or nothing for no limit.')).toBeVisible();
  await calls.fill('250');
  await clean(page);
  await page.getByRole('button', { name: 'Save limit' }).filter({ visible: true }).click();
  await expect(page.getByText('250 calls a day')).toBeVisible();
  await calls.fill('');
  await page.getByRole('button', { name: 'Save limit' }).filter({ visible: true }).click();
  await expect(page.getByText('250 calls a day')).toHaveCount(0);

  await page.getByRole('link', { name: 'Access reviews' }).click();
  await expect(page.getByText('No reviews yet')).toBeVisible();
  await page.getByRole('button', { name: 'New review' }).click();
  const open = page.getByRole('dialog', { name: 'New access review' });
  await open.getByLabel('Name').fill('Autumn');
  await open.getByLabel('To be done by').fill('2099-12-31');
  await open.getByRole('button', { name: 'Open review' }).click();
  await expect(page.getByRole('heading', { name: 'Autumn', level: 1 })).toBeVisible();
  const item = page.getByRole('listitem', { name: 'Olaf Stone, Bookkeeper' });
  await item.getByRole('button', { name: 'Still needed' }).click();
  await expect(item.getByText('Confirmed')).toBeVisible();
  await item.getByRole('button', { name: 'Take back' }).click();
  await expect(item.getByText('Taken back')).toBeVisible();
  await clean(page);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Table (CSV)' }).click();
  expect((await download).suggestedFilename()).toMatch(/^access-review-.*\.csv$/);
  await page.getByRole('button', { name: 'Close review' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Close review' }).click();
  await expect(page.getByText('Closed', { exact: true })).toBeVisible();
  const held = await (await api.get(`/api/permissions/users/${user}`)).json();
  expect(held.items).toEqual([]);
  await api.delete(`/api/agents/${agent.id}`);
});
