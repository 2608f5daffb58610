/** Sending, stopping, failing, retrying, branching. */
import { Gate } from '../../fixtures/provider';
import { expect, test } from '../../fixtures/test';

test('UX-12: stop ends the run and the provider’s connection within a second; the text stays', async ({
  page,
  chat,
  api,
  scripted,
}) => {
  const gate = new Gate();
  scripted.on(
    'endless',
    [{ text: 'It goes on ' }, { gate }, { text: 'and on.' }],
    [{ text: 'Short this time.' }],
  );
  await chat.openNew();
  await chat.ask('An endless tale');
  await expect(chat.text()).toContainText('It goes on');
  const hungUp = scripted.aborted();
  // From when the page has the click: finding the button still enough to press is the browser's own time.
  const pressed = page.evaluate(
    () => new Promise<number>((has) => addEventListener('click', () => has(Date.now()), { capture: true })),
  );
  await chat.stop.click();
  await hungUp;
  const ended = Date.now();
  expect(ended - (await pressed)).toBeLessThan(1000);
  await expect(chat.answer().getByText('You stopped this answer.')).toBeVisible();
  await expect(chat.text()).toHaveText('It goes on');
  const { items } = await (await api.get(`/api/conversations/${chat.conversationId}/messages`)).json();
  expect((await (await api.get(`/api/runs/${items.at(-1).run_id}`)).json()).status).toBe('cancelled');

  await page.reload();
  await expect(chat.text()).toHaveText('It goes on');
  await chat.answer().getByRole('button', { name: 'Retry' }).click();
  await expect(chat.text()).toHaveText('Short this time.');
  await expect(chat.answer().getByTestId('branch')).toContainText('2/2');
});

test('UX-12: a stopped answer is continued with what it had said', async ({ chat, scripted }) => {
  scripted.on('endless', [{ text: 'It goes on ' }, { gate: new Gate() }]);
  scripted.on('Continue from where you stopped.', [{ text: 'and on to its end.' }]);
  await chat.openNew();
  await chat.ask('An endless tale');
  await expect(chat.text()).toContainText('It goes on');
  await chat.stop.click();
  await chat.answer().getByRole('button', { name: 'Continue' }).click();
  await expect(chat.text()).toHaveText('and on to its end.');
  await expect(chat.text(0)).toHaveText('It goes on');
  const said = scripted.requests
    .at(-1)
    ?.messages.map((message) => JSON.stringify(message))
    .join();
  expect(said).toContain('It goes on');
});

test('UX-13: an edit makes a version, nothing is lost, and the choice is remembered', async ({
  page,
  chat,
  scripted,
}) => {
  await chat.openNew();
  await chat.ask('apples');
  await chat.settled();
  await chat.input.fill('and then');
  await chat.input.press('Enter');
  await expect(chat.answers).toHaveCount(2);
  await chat.settled();

  await chat.questions.first().hover();
  await chat.questions.first().getByRole('button', { name: 'Edit message' }).click();
  await page.getByRole('textbox', { name: 'Edit message' }).fill('pears');
  await page.getByRole('textbox', { name: 'Edit message' }).press('Enter');
  await expect(chat.text()).toHaveText('You said: pears');
  await expect(chat.questions).toHaveCount(1);
  await expect(chat.questions.first().getByTestId('branch')).toContainText('2/2');

  // What the new version hides is said, with the way back to it.
  const notice = page
    .getByRole('listitem')
    .filter({ hasText: '2 later messages stay with the earlier version.' });
  await notice.getByRole('button', { name: 'Show' }).click();
  await expect(chat.text()).toHaveText('You said: and then');
  await chat.questions
    .first()
    .getByRole('button', { name: /Later version/ })
    .click();
  await expect(chat.text()).toHaveText('You said: pears');

  // By key, from inside the message, and back by button: what followed is there again.
  await chat.questions
    .first()
    .getByRole('button', { name: /Earlier version/ })
    .focus();
  await page.keyboard.press('Alt+ArrowLeft');
  await expect(chat.questions.first()).toContainText('apples');
  await expect(chat.answers).toHaveCount(2);
  await expect(chat.text()).toHaveText('You said: and then');
  const remembered = page.waitForResponse(
    (response) => response.request().method() === 'PUT' && /\/api\/conversations\//.test(response.url()),
  );
  await chat.questions
    .first()
    .getByRole('button', { name: /Later version/ })
    .click();
  await expect(chat.text()).toHaveText('You said: pears');
  await remembered;
  await page.reload();
  await expect(chat.text()).toHaveText('You said: pears');

  // Words only: saved in place, no tokens.
  const asked = scripted.requests.length;
  await chat.questions.first().hover();
  await chat.questions.first().getByRole('button', { name: 'Edit message' }).click();
  await page.getByRole('textbox', { name: 'Edit message' }).fill('ripe pears');
  await page.getByRole('button', { name: 'Save only' }).click();
  await expect(chat.questions.first()).toContainText('ripe pears');
  await expect(chat.questions.first().getByTestId('branch')).toContainText('2/2');
  expect(scripted.requests.length).toBe(asked);
});

test('UX-13: regenerate makes a sibling answer', async ({ chat, scripted }) => {
  scripted.on('a colour', [{ text: 'Red.' }], [{ text: 'Green.' }]);
  await chat.openNew();
  await chat.ask('Name a colour');
  await chat.settled();
  await chat.answer().getByRole('button', { name: 'Regenerate', exact: true }).click();
  await expect(chat.text()).toHaveText('Green.');
  await chat.settled();
  await expect(chat.answer().getByTestId('branch')).toContainText('2/2');
  await chat
    .answer()
    .getByRole('button', { name: /Earlier version/ })
    .click();
  await expect(chat.text()).toHaveText('Red.');
  await expect(chat.questions).toHaveCount(1);
});

test('UX-14: a provider’s failure and a cut answer have a working Retry', async ({
  page,
  chat,
  scripted,
}) => {
  scripted.on('fragile', [{ text: 'Half an ' }, { cut: true }], [{ text: 'A whole answer.' }]);
  scripted.on('refused', [{ status: 400, message: 'no' }], [{ text: 'Now it works.' }]);
  await chat.openNew();
  await chat.ask('Something refused');
  await expect(chat.answer().getByRole('alert')).toBeVisible();
  await chat.answer().getByRole('button', { name: 'Retry' }).click();
  await expect(chat.text()).toHaveText('Now it works.');
  await expect(chat.questions).toHaveCount(1);

  await chat.input.fill('Something fragile');
  await chat.input.press('Enter');
  await expect(chat.answer().getByRole('alert')).toBeVisible();
  await expect(chat.text()).toContainText('Half an');
  await page.reload();
  await expect(chat.answer().getByRole('alert')).toBeVisible();
  await expect(chat.text()).toContainText('Half an');
  await chat.answer().getByRole('button', { name: 'Retry' }).click();
  await expect(chat.text()).toHaveText('A whole answer.');
  await expect(chat.questions).toHaveCount(2);
});

test('UX-15: the message shows within 100 ms, and a double click sends once', async ({
  page,
  chat,
  scripted,
}) => {
  await chat.openNew();
  await chat.ask('hello');
  await chat.settled();

  // The server is slow; the page is not.
  const slow = new Gate();
  await page.route('**/messages', async (route) => {
    if (route.request().method() === 'POST') await slow.pass();
    await route.continue();
  });
  await chat.input.fill('Only once please');
  const took = await page.evaluate(async () => {
    const log = document.querySelector('[role="log"]');
    const button = document.querySelector<HTMLButtonElement>('button[aria-label="Send"]');
    const shown = new Promise<number>((resolve) => {
      const observer = new MutationObserver(() => {
        if (!log?.textContent?.includes('Only once please')) return;
        observer.disconnect();
        requestAnimationFrame(() => resolve(performance.now()));
      });
      if (log) observer.observe(log, { childList: true, subtree: true, characterData: true });
    });
    const start = performance.now();
    button?.click();
    button?.click();
    return (await shown) - start;
  });
  expect(took).toBeLessThanOrEqual(100);
  await slow.reached;
  slow.open();
  await expect(chat.text()).toHaveText('You said: Only once please');
  await chat.settled();
  await expect(chat.questions).toHaveCount(2);
  expect(scripted.asked('Only once please')).toBe(1);
});

test('UX-15: a refused message is marked, keeps its words, and Retry sends it once', async ({
  page,
  chat,
  guard,
  scripted,
}) => {
  guard.allow(/status of 503/);
  await chat.openNew();
  await chat.ask('hello');
  await chat.settled();
  const keys: string[] = [];
  let refusals = 1;
  await page.route('**/messages', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.push((await route.request().headerValue('idempotency-key')) ?? '');
    if (refusals-- > 0) {
      return route.fulfill({
        status: 503,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          code: 'overloaded',
          title: 'Overloaded',
          detail: 'Too much to do.',
          status: 503,
        }),
      });
    }
    return route.continue();
  });
  await page
    .locator('input[type="file"]')
    .setInputFiles([{ name: 'tides.csv', mimeType: 'text/csv', buffer: Buffer.from('day,low\n1,09:12\n') }]);
  await expect(chat.send).toHaveAttribute('aria-disabled', 'false');
  await chat.input.fill('Please keep me');
  await chat.input.press('Enter');
  await expect(page.getByText('Not sent. Too much to do.')).toBeVisible();
  await expect(chat.log).toContainText('Please keep me');

  // Its words and files can go back to the composer …
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await expect(chat.input).toHaveValue('Please keep me');
  await expect(page.getByRole('list', { name: 'Attachments' }).getByRole('listitem')).toContainText([
    'tides.csv',
  ]);
  refusals = 1;
  await chat.input.press('Enter');
  await expect(page.getByText('Not sent.')).toBeVisible();

  // … or be sent again as they are, under the same key.
  await chat.log.getByRole('button', { name: 'Retry' }).click();
  await expect(chat.text()).toContainText('Please keep me');
  await chat.settled();
  await expect(chat.questions.last()).toContainText('tides.csv');
  await expect(chat.questions).toHaveCount(2);
  expect(scripted.asked('Please keep me')).toBe(1);
  expect(keys[1]).toBe(keys[2]);
  expect(keys[0]).not.toBe(keys[1]);
});

test('conversations: rename, pin, search, delete asks first', async ({ page, chat, scripted: _provider }) => {
  await chat.openNew();
  await chat.ask('To be renamed');
  await chat.settled();
  const sidebar = page.getByRole('navigation', { name: 'Main' });
  await page.getByRole('button', { name: 'Conversation actions' }).click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await page.getByRole('textbox', { name: 'Title' }).fill('Harbour notes');
  await page.getByRole('textbox', { name: 'Title' }).press('Enter');
  await expect(sidebar.getByRole('link', { name: 'Harbour notes' })).toBeVisible();

  await page.getByRole('button', { name: 'Conversation actions' }).click();
  await page.getByRole('menuitem', { name: 'Pin' }).click();
  await expect(sidebar.getByRole('region', { name: 'Pinned' }).getByText('Harbour notes')).toBeVisible();

  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search conversations and pages' }).fill('harbour');
  await expect(page.getByRole('option', { name: /Harbour notes/ })).toBeVisible();
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Conversation actions' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(page.getByRole('alertdialog')).toContainText('Harbour notes');
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page).toHaveURL(/\/$/);
  await expect(sidebar.getByText('Harbour notes')).toHaveCount(0);
});
