/** What people write and read. */
import { expect, test } from '../../fixtures/test';

test('UX-08: money and paths stay words, formulas are set', async ({ chat, scripted }) => {
  scripted.on('numbers', [
    {
      text: [
        'It grew from $2bn to $4bn, see $HOME/bin:$PATH and costs $5 and $6.',
        'Inline \\(a^2\\) and $b+c$ here.',
        '$$\\int_0^1 x\\,dx$$',
        '\\[E = mc^2\\]',
      ].join('\n\n'),
    },
  ]);
  await chat.openNew();
  await chat.ask('Show numbers');
  await chat.settled();
  await expect(chat.text()).toContainText('from $2bn to $4bn, see $HOME/bin:$PATH and costs $5 and $6.');
  await expect(chat.text().locator('math')).toHaveCount(4);
});

test('UX-10: Enter that ends a composition never sends; Shift+Enter breaks the line', async ({
  page,
  chat,
  scripted,
}) => {
  await chat.openNew();
  await chat.input.fill('にほん');
  await chat.input.evaluate((field) => {
    field.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }));
    for (const init of [{ isComposing: true }, { keyCode: 229 }]) {
      field.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init }),
      );
    }
    field.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true }));
  });
  await expect(chat.input).toHaveValue('にほん');
  await expect(page).toHaveURL(/\/$/);
  expect(scripted.requests).toHaveLength(0);

  await chat.input.press('Shift+Enter');
  await chat.input.pressSequentially('second line');
  await expect(chat.input).toHaveValue('にほん\nsecond line');
  await chat.input.press('Enter');
  await expect(chat.text()).toContainText('second line');
});

test('UX-10: with the setting, Enter breaks the line and Ctrl+Enter sends', async ({
  chat,
  api,
  scripted: _provider,
}) => {
  await api.put('/api/settings', { data: { preferences: { send_on: 'mod_enter' } } });
  try {
    await chat.openNew();
    await chat.input.fill('one');
    await chat.input.press('Enter');
    await expect(chat.input).toHaveValue('one\n');
    await chat.input.press('Control+Enter');
    await expect(chat.text()).toContainText('You said: one');
  } finally {
    await api.put('/api/settings', { data: { preferences: { send_on: 'enter' } } });
  }
});

test('UX-11: a draft is kept per conversation and over a reload, and gone once sent', async ({
  page,
  chat,
  scripted: _provider,
}) => {
  await chat.openNew();
  await chat.ask('hello');
  await chat.settled();
  await chat.input.fill('half a thought');
  await page.getByRole('link', { name: 'New chat' }).first().click();
  await expect(chat.input).toHaveValue('');
  await page.goBack();
  await expect(chat.input).toHaveValue('half a thought');
  await page.reload();
  await expect(chat.input).toHaveValue('half a thought');
  await chat.input.press('Enter');
  await expect(chat.input).toHaveValue('');
  await chat.settled();
  await page.reload();
  await expect(chat.input).toHaveValue('');
});

test('attachments: an image is uploaded, shown, removed, and sent with the message', async ({
  chat,
  page,
  scripted,
}) => {
  const pixel = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
    'base64',
  );
  await chat.openNew();
  const picker = page.locator('input[type="file"]');
  await picker.setInputFiles([
    { name: 'one.png', mimeType: 'image/png', buffer: pixel },
    { name: 'two.png', mimeType: 'image/png', buffer: pixel },
  ]);
  await expect(page.getByRole('list', { name: 'Attachments' }).getByRole('listitem')).toHaveCount(2);
  await page.getByRole('button', { name: 'Remove two.png' }).click();
  await expect(page.getByRole('list', { name: 'Attachments' }).getByRole('listitem')).toHaveCount(1);
  await expect(chat.send).toHaveAttribute('aria-disabled', 'false');
  await chat.ask('What is on this picture');
  await chat.settled();
  await expect(chat.questions.first().getByRole('img', { name: 'one.png' })).toBeVisible();
  expect(JSON.stringify(scripted.requests.at(-1)?.messages)).toContain('image_url');
});
