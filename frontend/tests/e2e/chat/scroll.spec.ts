/** The reader decides where the page stands. */
import type { APIRequestContext, Locator, Page } from '@playwright/test';
import { Gate, type Step } from '../../fixtures/provider';
import { expect, MODEL, test } from '../../fixtures/test';

function paragraphs(count: number, word: string): string {
  return Array.from(
    { length: count },
    (_, index) => `${word} ${index}: some words that fill a line of the page.`,
  ).join('\n\n');
}

/** A conversation with many turns, made without a page. */
async function longConversation(api: APIRequestContext, turns: number): Promise<string> {
  const created = await api.post('/api/conversations', { data: { title: 'Long', model: MODEL } });
  const { id } = await created.json();
  for (let turn = 0; turn < turns; turn += 1) {
    const answer = await api.post(`/api/conversations/${id}/messages`, {
      data: { content: `Question ${turn}` },
    });
    expect(answer.status(), await answer.text()).toBe(201);
    const { run } = await answer.json();
    // The event stream ends with its run: the next question follows the finished answer.
    await (
      await api.get(`/api/runs/${run.id}/events?after=0`, { headers: { accept: 'text/event-stream' } })
    ).body();
  }
  return id;
}

/** One pull of a finger downwards, which moves the log up. */
async function pull(page: Page, log: Locator): Promise<void> {
  const box = await log.boundingBox();
  const x = Math.round((box?.x ?? 0) + (box?.width ?? 0) / 2);
  const y = Math.round((box?.y ?? 0) + 80);
  const session = await page.context().newCDPSession(page);
  await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
  for (let way = 20; way <= 320; way += 20) {
    await session.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [{ x, y: y + way }] });
  }
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

for (const how of ['wheel', 'PageUp', 'touch'] as const) {
  test.describe(how, () => {
    test.use({ hasTouch: how === 'touch' });
    test(`UX-03: one ${how} up while streaming, and nothing moves until the reader returns`, async ({
      page,
      chat,
      scripted,
    }) => {
      const gates = Array.from({ length: 6 }, () => new Gate());
      const steps: Step[] = [{ text: `${paragraphs(40, 'Start')}\n\n` }];
      gates.forEach((gate, index) => {
        steps.push({ gate }, { text: `${paragraphs(8, `Part ${index}`)}\n\n` });
      });
      scripted.on('long story', steps);
      await chat.openNew();
      await chat.ask('Tell a long story');
      await gates[0]?.reached;
      await expect(chat.log).toContainText('Start 39');
      await expect.poll(() => chat.distanceToEnd()).toBeLessThanOrEqual(2);

      if (how === 'wheel') {
        await chat.log.hover();
        await page.mouse.wheel(0, -400);
      } else if (how === 'touch') await pull(page, chat.log);
      else {
        await chat.log.focus();
        await page.keyboard.press('PageUp');
      }
      await expect.poll(() => chat.distanceToEnd()).toBeGreaterThan(100);
      // A smooth key scroll comes to rest first.
      let before = await chat.scrollTop();
      await expect
        .poll(async () => {
          const now = await chat.scrollTop();
          const still = now === before;
          before = now;
          return still;
        })
        .toBe(true);

      for (const [index, gate] of gates.slice(0, 5).entries()) {
        gate.open();
        await gates[index + 1]?.reached;
        await expect(chat.log).toContainText(`Part ${index} 7`);
        expect(Math.abs((await chat.scrollTop()) - before)).toBeLessThanOrEqual(1);
      }

      await page.getByRole('button', { name: 'Jump to latest' }).click();
      await expect.poll(() => chat.distanceToEnd()).toBeLessThanOrEqual(2);
      gates[5]?.open();
      await chat.settled();
      await expect.poll(() => chat.distanceToEnd()).toBeLessThanOrEqual(2);
      await expect(page.getByRole('button', { name: 'Jump to latest' })).toBeHidden();
    });
  });
}

test('UX-03: what arrives while the reader is elsewhere is counted at "Jump to latest"', async ({
  page,
  chat,
  api,
  scripted,
}) => {
  scripted.on('long story', [{ text: paragraphs(40, 'Start') }]);
  await chat.openNew();
  await chat.ask('Tell a long story');
  await chat.settled();
  await expect.poll(() => chat.distanceToEnd()).toBeLessThanOrEqual(2);
  await chat.log.hover();
  await page.mouse.wheel(0, -600);
  const jump = page.getByRole('button', { name: /Jump to latest/ });
  await expect(jump).toBeVisible();
  // Asked from another device.
  const sent = await api.post(`/api/conversations/${chat.conversationId}/messages`, {
    data: { content: 'And from the other device' },
  });
  expect(sent.status(), await sent.text()).toBe(201);
  await expect(jump).toContainText('2 new');
  await jump.click();
  await expect(chat.text()).toHaveText('You said: And from the other device');
  await expect(jump).toBeHidden();
});

test('UX-04: with the question kept at the top nothing scrolls while the answer is written', async ({
  page,
  chat,
  api,
  scripted,
}) => {
  await api.put('/api/settings', { data: { preferences: { follow_output: false } } });
  try {
    const gate = new Gate();
    scripted.on('essay', [
      { text: `${paragraphs(6, 'First')}\n\n` },
      { gate },
      { text: paragraphs(40, 'Then') },
    ]);
    await chat.openNew();
    await chat.ask('hello');
    await chat.settled();
    await chat.input.fill('Write an essay');
    await chat.input.press('Enter');
    await gate.reached;
    await expect(chat.log).toContainText('First 5');
    const top = () =>
      page.evaluate(() => {
        const log = document.querySelector('[role="log"]');
        const question = [...document.querySelectorAll('[data-role="user"]')].at(-1);
        return (question?.getBoundingClientRect().top ?? 0) - (log?.getBoundingClientRect().top ?? 0);
      });
    await expect.poll(top).toBeLessThanOrEqual(32);
    const before = await chat.scrollTop();
    gate.open();
    await chat.settled();
    expect(Math.abs((await chat.scrollTop()) - before)).toBeLessThanOrEqual(1);
  } finally {
    await api.put('/api/settings', { data: { preferences: { follow_output: true } } });
  }
});

test('UX-05: older history arrives above without a jump', async ({
  page,
  chat,
  api,
  scripted: _provider,
}) => {
  test.setTimeout(120_000);
  const id = await longConversation(api, 70);
  await page.goto(`/c/${id}`);
  await expect(chat.log).toContainText('You said: Question 69');
  await expect.poll(() => chat.distanceToEnd()).toBeLessThanOrEqual(2);

  // Hold the older page back until the reader stands still near the top.
  const older = new Gate();
  await page.route(/\/messages\?.*cursor=/, async (route) => {
    await older.pass();
    await route.continue();
  });
  await chat.log.evaluate((element) => {
    element.scrollTop = 300;
  });
  await older.reached;
  const firstVisible = () =>
    page.evaluate(() => {
      const log = document.querySelector('[role="log"]');
      const edge = log?.getBoundingClientRect().top ?? 0;
      for (const row of document.querySelectorAll<HTMLElement>('[data-row]')) {
        const box = row.getBoundingClientRect();
        if (box.bottom > edge + 1) return { key: row.dataset.row ?? '', top: box.top - edge };
      }
      return { key: '', top: 0 };
    });
  // Rows near the top are measured now; then what is seen must stay.
  let before = await firstVisible();
  await expect
    .poll(async () => {
      const now = await firstVisible();
      const same = now.key === before.key && Math.abs(now.top - before.top) < 1;
      before = now;
      return same;
    })
    .toBe(true);
  const height = () => chat.log.evaluate((element) => element.scrollHeight);
  const heightBefore = await height();
  older.open();
  await expect.poll(height).toBeGreaterThan(heightBefore + 500);
  const after = await firstVisible();
  expect(after.key).toBe(before.key);
  expect(Math.abs(after.top - before.top)).toBeLessThanOrEqual(2);

  // A long log is virtual: the page holds few of its rows.
  expect(await page.locator('[data-row]').count()).toBeLessThan(60);
});
