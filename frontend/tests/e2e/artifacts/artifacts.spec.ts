/** Artifacts stream, keep every version, and run sealed off. */
import { Gate } from '../../fixtures/provider';
import { expect, test } from '../../fixtures/test';

const fence = (info: string, body: string) => `\`\`\`${info}\n${body}\n\`\`\`\n`;

test('UX-18: an artifact streams live; each update is one version', async ({ page, chat, api, scripted }) => {
  const gate = new Gate();
  scripted.on(
    'a brief',
    [
      {
        text: 'Here it is.\n\n```markdown id=brief title="Project brief" type=text\n# Brief\n\nFirst line.\n',
      },
      { gate },
      { text: 'Last line.\n```\n\nDone.' },
    ],
    [{ text: fence('markdown id=brief title="Project brief" type=text', '# Brief\n\nRewritten.') }],
  );
  await chat.openNew();
  await chat.ask('Write a brief');
  const panel = page.getByRole('complementary', { name: 'Artifacts' });
  await expect(panel).toContainText('First line.');
  await expect(panel).not.toContainText('Last line.');
  gate.open();
  await chat.settled();
  await expect(panel).toContainText('Last line.');
  await expect(chat.text()).toContainText('Done.');
  await expect(chat.text()).not.toContainText('First line.');

  const listed = async () =>
    (await (await api.get(`/api/conversations/${chat.conversationId}/artifacts`)).json()).items;
  expect(await listed()).toMatchObject([{ identifier: 'brief', version: 1, title: 'Project brief' }]);

  await chat.input.fill('Now rewrite a brief');
  await chat.input.press('Enter');
  await expect(chat.answers).toHaveCount(2);
  await chat.settled();
  await expect(panel).toContainText('Rewritten.');
  const [latest] = await listed();
  expect(latest).toMatchObject({ identifier: 'brief', version: 2, latest_version: 2 });
  const versions = await (await api.get(`/api/artifacts/${latest.id}/versions`)).json();
  expect(versions.items.map((version: { version: number }) => version.version)).toEqual([2, 1]);

  // The same text again is an error, never a silent identical version.
  const same = await api.put(`/api/artifacts/${latest.id}`, { data: { content: latest.content } });
  expect(same.status()).toBe(409);
  expect((await same.json()).code).toBe('artifact_unchanged');
});

const probe = `
<h1 id="out">running</h1>
<script>
const results = {};
const attempt = async (name, run) => { try { results[name] = String(await run()); } catch (error) { results[name] = 'refused ' + error.name; } };
(async () => {
  await attempt('origin', () => self.origin);
  await attempt('cookie', () => document.cookie);
  await attempt('storage', () => localStorage.length);
  await attempt('parent', () => parent.document.title);
  await attempt('fetch', () => fetch('https://example.com/').then(() => 'reached'));
  await attempt('popup', () => open('https://example.com/'));
  await attempt('top', () => { top.location = 'https://example.com/'; return 'moved'; });
  await attempt('rtc', () => typeof RTCPeerConnection);
  document.getElementById('out').textContent = JSON.stringify(results);
})();
</script>`;

test('UX-19: the checks of isolation inside the frame', async ({ page, chat, guard, scripted }) => {
  // The refusals are what is tested; browsers write them to the console.
  guard.allow(
    /console: .*(Content Security Policy|sandbox|Unsafe attempt|Blocked opening|Failed to load|navigate)/,
  );
  scripted.on('a probe', [{ text: fence('html id=probe title="Probe" type=html', probe) }]);
  await chat.openNew();
  await chat.ask('Build a probe');
  await chat.settled();
  const panel = page.getByRole('complementary', { name: 'Artifacts' });
  await expect(panel).toBeVisible();
  const frame = panel.frameLocator('iframe');
  const out = frame.locator('#out');
  await expect(out).toContainText('{');
  const results = JSON.parse((await out.textContent()) ?? '{}');
  expect(results.origin).toBe('null');
  for (const name of ['cookie', 'storage', 'parent']) expect(results[name]).toBe('refused SecurityError');
  expect(results.fetch).toMatch(/^refused/);
  expect(results.popup).toBe('null');
  expect(results.top).toMatch(/^refused/);
  expect(results.rtc).toBe('undefined');
  await expect(page).toHaveURL(/\/c\//);
});

test('UX-19: a React artifact runs with the network unplugged', async ({
  page,
  chat,
  context,
  guard,
  scripted,
}) => {
  guard.allow(/ERR_INTERNET_DISCONNECTED|Failed to load resource/);
  scripted.on('a counter', [
    {
      text: fence(
        'tsx id=counter title="Counter" type=react',
        `import { useState } from 'react';
export default function Counter() {
  const [count, setCount] = useState(0);
  return <button onClick={() => setCount(count + 1)}>clicked {count}</button>;
}`,
      ),
    },
  ]);
  await chat.openNew();
  await chat.ask('Build a counter');
  await chat.settled();
  const panel = page.getByRole('complementary', { name: 'Artifacts' });
  const frame = panel.frameLocator('iframe');
  const button = frame.getByRole('button', { name: /clicked/ });
  await expect(button).toHaveText('clicked 0');
  await context.setOffline(true);
  await button.click();
  await expect(button).toHaveText('clicked 1');
  await context.setOffline(false);
});
