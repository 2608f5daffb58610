/** The panel beside the chat: versions, comparison, editing by hand, and every way out of it. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { Gate } from '../../fixtures/provider';
import { expect, test } from '../../fixtures/test';

const fence = (info: string, body: string) => `\`\`\`${info}\n${body}\n\`\`\`\n`;
const page1 = '<h1>Harbour</h1>\n<p>Low tide at nine.</p>';
const page2 = '<h1>Harbour</h1>\n<p>Low tide at ten.</p>';
const html = (body: string) => [{ text: fence('html id=tides title="Tide table" type=html', body) }];

const panelOf = (page: Page): Locator => page.getByRole('complementary', { name: 'Artifacts' });
const preview = (panel: Locator) => panel.frameLocator('iframe').locator('body');

test('UX-18: compare, go back, and restore: each update is one version', async ({
  page,
  chat,
  api,
  guard,
  scripted,
}) => {
  guard.allow(/409/);
  scripted.on('tides', html(page1), html(page2));
  await chat.openNew();
  await chat.ask('Show the tides');
  await chat.settled();
  const panel = panelOf(page);
  await expect(preview(panel)).toContainText('Low tide at nine.');

  await chat.input.fill('Update the tides');
  await chat.input.press('Enter');
  await expect(chat.answers).toHaveCount(2);
  await chat.settled();
  // An update refreshes the preview by itself.
  await expect(preview(panel)).toContainText('Low tide at ten.');

  await panel.getByRole('radio', { name: 'Changes' }).click();
  const changes = panel.getByRole('region', { name: 'Version 1 to 2' });
  await expect(changes.locator('tr[data-kind="removed"]')).toContainText('Low tide at nine.');
  await expect(changes.locator('tr[data-kind="added"]')).toContainText('Low tide at ten.');
  await expect(changes.locator('tr[data-kind="same"]')).toContainText('Harbour');

  await panel.getByRole('radio', { name: 'Preview' }).click();
  await panel.getByRole('button', { name: /Version 2 of 2/ }).click();
  await page.getByRole('menuitemradio', { name: /Version 1/ }).click();
  await expect(panel).toContainText('You see version 1. The newest is 2.');
  await expect(preview(panel)).toContainText('Low tide at nine.');

  await panel.getByRole('button', { name: 'Restore' }).click();
  await expect(panel.getByRole('button', { name: /Version 3 of 3/ })).toBeVisible();
  await expect(preview(panel)).toContainText('Low tide at nine.');
  const [latest] = (await (await api.get(`/api/conversations/${chat.conversationId}/artifacts`)).json())
    .items;
  expect(latest).toMatchObject({ identifier: 'tides', version: 3 });
  const { items } = await (await api.get(`/api/artifacts/${latest.id}/versions`)).json();
  expect(items.map((one: { version: number }) => one.version)).toEqual([3, 2, 1]);
  expect(items[0].content).toBe(items[2].content);

  // Restoring what is the newest already makes no version, and says so.
  await panel.getByRole('button', { name: /Version 3 of 3/ }).click();
  await page.getByRole('menuitemradio', { name: /Version 1/ }).click();
  const refused = page.waitForResponse((answer) => answer.request().method() === 'PUT');
  await panel.getByRole('button', { name: 'Restore' }).click();
  expect((await refused).status()).toBe(409);
  await expect(panel).toContainText('no version was made');
});

test.describe('editing', () => {
  test.beforeEach(async ({ chat, scripted }) => {
    scripted.on('tides', html(page1));
    await chat.openNew();
    await chat.ask('Show the tides');
    await chat.settled();
  });

  test('UX-18: an edit by hand is a version; an unchanged one is refused in words', async ({
    page,
    guard,
  }) => {
    guard.allow(/409/);
    const panel = panelOf(page);
    await panel.getByRole('button', { name: 'Edit', exact: true }).click();
    await panel.getByRole('button', { name: 'Save version' }).click();
    await expect(panel.getByText('Nothing was changed, so no version was made.')).toBeVisible();

    const editor = panel.getByRole('textbox', { name: 'Source of Tide table' });
    await editor.click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('\n<p>High tide at three.</p>');
    await page.keyboard.press('Control+s');
    await expect(panel.getByRole('button', { name: /Version 2 of 2/ })).toBeVisible();
    await expect(preview(panel)).toContainText('High tide at three.');
  });

  test('UX-18: a failed save is an error, and the text stays', async ({ page, guard }) => {
    guard.allow(/500/);
    const panel = panelOf(page);
    await panel.getByRole('button', { name: 'Edit', exact: true }).click();
    await panel.getByRole('textbox', { name: 'Source of Tide table' }).fill('<p>Typed by hand.</p>');
    await page.route('**/api/artifacts/*', (route) =>
      route.request().method() === 'PUT'
        ? route.fulfill({
            status: 500,
            contentType: 'application/problem+json',
            json: { title: 'Internal error', status: 500, code: 'internal', detail: 'The disk is full.' },
          })
        : route.fallback(),
    );
    await panel.getByRole('button', { name: 'Save version' }).click();
    await expect(panel.getByRole('alert')).toContainText('The disk is full.');
    await expect(panel.getByRole('textbox', { name: 'Source of Tide table' })).toContainText(
      'Typed by hand.',
    );
    await page.unroute('**/api/artifacts/*');
    await panel.getByRole('button', { name: 'Save version' }).click();
    await expect(preview(panel)).toContainText('Typed by hand.');
  });

  test('UX-18: a version that was saved meanwhile is not overwritten unasked', async ({
    page,
    chat,
    api,
    guard,
  }) => {
    guard.allow(/412/);
    const panel = panelOf(page);
    await panel.getByRole('button', { name: 'Edit', exact: true }).click();
    const editor = panel.getByRole('textbox', { name: 'Source of Tide table' });
    await editor.fill('<p>Mine.</p>');
    const [latest] = (await (await api.get(`/api/conversations/${chat.conversationId}/artifacts`)).json())
      .items;
    const theirs = await api.put(`/api/artifacts/${latest.id}`, {
      data: { content: '<p>Theirs.</p>' },
      headers: { 'If-Match': `"${latest.version}"` },
    });
    expect(theirs.ok(), await theirs.text()).toBe(true);
    await panel.getByRole('button', { name: 'Save version' }).click();
    await expect(panel.getByText('A newer version was saved meanwhile.')).toBeVisible();
    await expect(editor).toContainText('Mine.');
    await panel.getByRole('button', { name: 'Save over it' }).click();
    await expect(panel.getByRole('button', { name: /Version 3 of 3/ })).toBeVisible();
    await expect(preview(panel)).toContainText('Mine.');
  });

  test('UX-18: copy, download, permalink, ask for a change, full screen', async ({ page, chat, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const panel = panelOf(page);
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    await panel.getByRole('button', { name: 'Copy', exact: true }).click();
    await expect.poll(clipboard).toContain('<h1>Harbour</h1>');

    const downloading = page.waitForEvent('download');
    await panel.getByRole('button', { name: 'Download' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe('tide-table.html');
    expect((await readFile(await download.path(), 'utf8')).trim()).toBe(page1);

    await panel.getByRole('button', { name: 'Full screen' }).click();
    await expect(panel.getByRole('button', { name: 'Leave full screen' })).toBeVisible();
    await expect(preview(panel)).toContainText('Low tide at nine.');
    await page.keyboard.press('Escape');
    await expect(panel.getByRole('button', { name: 'Full screen' })).toBeVisible();

    await panel.getByRole('button', { name: 'More about this artifact' }).click();
    await page.getByRole('menuitem', { name: 'Ask for a change' }).click();
    await expect(chat.input).toHaveValue(/^Change the artifact "Tide table": /);

    await panel.getByRole('button', { name: 'More about this artifact' }).click();
    await page.getByRole('menuitem', { name: 'Copy link to this version' }).click();
    await expect.poll(clipboard).toContain('?artifact=');
    const link = await clipboard();
    expect(link).toContain(`/c/${chat.conversationId}?artifact=`);
    await page.goto('/');
    await page.goto(link);
    await expect(preview(panelOf(page))).toContainText('Low tide at nine.');
  });
});

test('UX-18: several artifacts are tabs; a drawing and a diagram are shown', async ({
  page,
  chat,
  scripted,
}) => {
  scripted.on('pictures', [
    {
      text:
        fence(
          'svg id=mark title="Mark" type=svg',
          '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><circle cx="5" cy="5" r="4"/><script>parent.postMessage("x","*")</script></svg>',
        ) +
        '\nand\n\n' +
        fence('mermaid id=flow title="Flow" type=mermaid', 'flowchart TD\n  A[Amount > 10k] --> B[Ask]'),
    },
  ]);
  await chat.openNew();
  await chat.ask('Draw pictures');
  await chat.settled();
  const panel = panelOf(page);
  await panel.getByRole('tab', { name: 'Mark' }).click();
  const drawing = panel.frameLocator('iframe');
  await expect(drawing.locator('circle')).toHaveCount(1);
  await expect(drawing.locator('svg script')).toHaveCount(0);
  await panel.getByRole('tab', { name: 'Flow' }).click();
  await expect(panel.frameLocator('iframe').locator('svg')).toContainText('Amount > 10k');
  await panel.getByRole('radio', { name: 'Code' }).click();
  await expect(panel.getByRole('region', { name: 'Source' })).toContainText('flowchart TD');
});

test('UX-09: a diagram in a message is source while it streams, drawn once at its end', async ({
  page,
  chat,
  scripted,
}) => {
  const gate = new Gate();
  scripted.on('a diagram', [
    { text: 'Look:\n\n```mermaid\nflowchart TD\n  A[One] --> ' },
    { gate },
    { text: 'B[Two]\n```\n\nThat is all.' },
  ]);
  scripted.on('a broken one', [{ text: '```mermaid\nflowchart TD\n  A --> \n```\n\nThat is all.' }]);
  await chat.openNew();
  await chat.ask('Show a diagram');
  await gate.reached;
  await expect(chat.text()).toContainText('A[One]');
  await expect(chat.text().getByRole('img', { name: 'Diagram' })).toHaveCount(0);
  gate.open();
  await chat.settled();
  await expect(chat.text().getByRole('img', { name: 'Diagram' })).toContainText('Two');
  await chat.input.fill('Show a broken one');
  await chat.input.press('Enter');
  await expect(chat.answers).toHaveCount(2);
  await chat.settled();
  await expect(chat.text().getByRole('alert')).toContainText('The diagram could not be drawn');
  await expect(chat.text()).toContainText('flowchart TD');
  // Nothing of the drawing is left behind in the page.
  await expect(page.locator('body > [id^="dmermaid"], body > svg')).toHaveCount(0);
});

test('UX-22: the copy button of tall code stays in view and copies exactly the code', async ({
  page,
  chat,
  context,
  scripted,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const code = Array.from(
    { length: 80 },
    (_, index) => `${' '.repeat(index % 4)}let v${index} = "$${index}";`,
  ).join('\n');
  scripted.on('tall code', [{ text: `\`\`\`ts\n${code}\n\`\`\`\n` }]);
  await chat.openNew();
  await chat.ask('Write tall code');
  await chat.settled();
  const block = chat.text().locator('figure.md-code');
  await expect(block.locator('.tk-k').first()).toBeVisible();
  await chat.log.evaluate((log) => {
    log.scrollTop = log.scrollHeight / 2;
  });
  const button = block.getByRole('button', { name: 'Copy' });
  await expect(button).toBeInViewport();
  await button.click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(code);
});
