/** An answer belongs to the server: reloads, other chats and other tabs change nothing. */
import { Gate } from '../../fixtures/provider';
import { expect, test } from '../../fixtures/test';
import { ChatPage } from '../../pages/chat-page';

test('UX-01: a stream survives a reload, and the final text is the server’s', async ({
  page,
  chat,
  api,
  scripted,
}) => {
  const gate = new Gate();
  scripted.on('the sea', [
    { thinking: 'Waves.' },
    { text: 'First half, ' },
    { gate },
    { text: 'second half.' },
  ]);
  await chat.openNew();
  await page.getByRole('button', { name: /^Agent:/ }).click();
  await page.getByRole('menuitemradio', { name: /Analysis agent/ }).click();
  await page.getByRole('button', { name: 'Response settings' }).click();
  await page.getByRole('textbox', { name: 'Instructions for this chat' }).fill('Speak of salt.');
  await page.keyboard.press('Escape');
  await chat.ask('Tell me about the sea');
  await expect(chat.text()).toContainText('First half,');

  await page.reload();
  await expect(chat.text()).toContainText('First half,');
  await expect(chat.answer()).toHaveAttribute('aria-busy', 'true');
  await expect(chat.answer().getByRole('button', { name: /Thought process|Thinking/ })).toBeVisible();

  // Who answers, with which model and which settings, is the conversation's own.
  await expect(page.getByRole('button', { name: 'Agent: Analysis agent' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Model: OpenAI GPT-4o' })).toBeVisible();
  await page.getByRole('button', { name: 'Response settings' }).click();
  await expect(page.getByRole('textbox', { name: 'Instructions for this chat' })).toHaveValue(
    'Speak of salt.',
  );
  await page.keyboard.press('Escape');

  gate.open();
  await chat.settled();
  await expect(chat.text()).toHaveText('First half, second half.');
  const stored = await (await api.get(`/api/conversations/${chat.conversationId}/messages`)).json();
  expect(stored.items.at(-1).content).toBe('First half, second half.');
  expect(stored.items.at(-1).status).toBe('complete');
  expect(scripted.asked('Tell me about the sea')).toBe(1);
});

test('UX-02: leaving mid-stream loses nothing and puts no word into another chat', async ({
  page,
  chat,
  scripted,
}) => {
  const gate = new Gate();
  scripted.on('mountains', [{ text: 'Granite ' }, { gate }, { text: 'and limestone.' }]);
  scripted.on('rivers', [{ text: 'Water flows.' }]);
  await chat.openNew();
  await chat.ask('Speak of mountains');
  await expect(chat.text()).toContainText('Granite');
  const first = page.url();

  await page.getByRole('link', { name: 'New chat' }).first().click();
  await chat.ask('Speak of rivers');
  await chat.settled();
  gate.open();
  await expect(chat.text()).toHaveText('Water flows.');
  await expect(chat.log).not.toContainText('limestone');

  await page
    .getByRole('navigation', { name: 'Main' })
    .locator(`a[href="${new URL(first).pathname}"]`)
    .click();
  await chat.settled();
  await expect(chat.text()).toHaveText('Granite and limestone.');
  await expect(chat.log).not.toContainText('Water');
});

test('UX-17: a second tab shows the message and the live answer', async ({
  page,
  chat,
  context,
  guard,
  scripted,
}) => {
  const gate = new Gate();
  scripted.on('forests', [{ text: 'Oak ' }, { gate }, { text: 'and ash.' }]);
  await chat.openNew();
  await chat.ask('hello');
  await chat.settled();

  const second = await context.newPage();
  guard.watch(second);
  await second.goto(page.url());
  const other = new ChatPage(second);
  await expect(other.answers).toHaveCount(1);

  await chat.input.fill('What about forests');
  await chat.input.press('Enter');
  await expect(other.log).toContainText('What about forests');
  await expect(other.text()).toContainText('Oak');
  gate.open();
  await expect(other.text()).toHaveText('Oak and ash.');
  await second.close();
});

test('UX-16: offline is said within two seconds, and the queued message is sent once', async ({
  page,
  chat,
  context,
  guard,
  scripted,
}) => {
  guard.allow(/ERR_INTERNET_DISCONNECTED|Failed to load resource/);
  await chat.openNew();
  await chat.ask('hello');
  await chat.settled();
  await context.setOffline(true);
  await expect(page.getByText('You are offline.')).toBeVisible({ timeout: 2000 });
  await chat.input.fill('Sent from the tunnel');
  await chat.input.press('Enter');
  await expect(page.getByText('Will be sent when the connection is back')).toBeVisible();
  await context.setOffline(false);
  await expect(chat.text()).toHaveText('You said: Sent from the tunnel');
  await expect(page.getByText('You are offline.')).toBeHidden();
  await expect(chat.questions).toHaveCount(2);
  expect(scripted.asked('Sent from the tunnel')).toBe(1);
});
