/** What runs in the sealed frame stays there; what goes wrong in it is said, with a way to try again. */
import type { Page } from '@playwright/test';
import { expect, test } from '../../fixtures/test';
import type { ChatPage } from '../../pages/chat-page';

const fence = (info: string, body: string) => `\`\`\`${info}\n${body}\n\`\`\`\n`;
const refusals = /Content Security Policy|sandbox|Unsafe attempt|Blocked|Failed to load|navigate|ERR_/;

async function show(chat: ChatPage): Promise<void> {
  await chat.openNew();
  await chat.ask('Build it');
  await chat.settled();
}

const panelOf = (page: Page) => page.getByRole('complementary', { name: 'Artifacts' });

test('UX-19: no way around the seal by a child frame, a worker, a socket or a picture', async ({
  page,
  chat,
  guard,
  scripted,
}) => {
  guard.allow(refusals);
  guard.allow(/off-origin: .*example\.com\/x\.png/);
  const left: string[] = [];
  page.on('response', (response) => left.push(response.url()));
  page.on('websocket', (socket) => left.push(socket.url()));
  scripted.on('Build it', [
    {
      text: fence(
        'html id=probe title="Probe" type=html',
        `<p id="out">running</p>
<iframe srcdoc="<script>parent.postMessage({ child: typeof RTCPeerConnection }, '*')</script>"></iframe>
<script>
const results = { parsed: 'nothing came', written: 'nothing came' };
addEventListener('message', (event) => { if (event.data.child) results[event.data.where || 'parsed'] = event.data.child; });
const attempt = async (name, run) => { try { results[name] = String(await run()); } catch (error) { results[name] = 'refused'; } };
const soon = () => new Promise((resolve) => setTimeout(resolve, 800));
(async () => {
  const holder = document.createElement('div');
  holder.innerHTML = '<iframe srcdoc="<script>parent.postMessage({ child: typeof RTCPeerConnection, where: &quot;written&quot; }, &quot;*&quot;)<\\/script>"></iframe>';
  document.body.append(holder);
  await attempt('blank', () => { const child = document.createElement('iframe'); document.body.append(child); return child.contentWindow.RTCPeerConnection; });
  await attempt('worker', () => new Promise((resolve, reject) => { const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)']))); worker.onmessage = () => resolve('ran'); worker.onerror = reject; }));
  await attempt('socket', () => new Promise((resolve, reject) => { const socket = new WebSocket('wss://example.com/'); socket.onopen = () => resolve('open'); socket.onerror = reject; }));
  await attempt('picture', () => new Promise((resolve, reject) => { const picture = new Image(); picture.onload = () => resolve('loaded'); picture.onerror = reject; picture.src = 'https://example.com/x.png'; }));
  await attempt('home', () => fetch('/api/auth/me').then(() => 'reached'));
  await soon();
  document.getElementById('out').textContent = JSON.stringify(results);
})();
</script>`,
      ),
    },
  ]);
  await show(chat);
  const out = panelOf(page).frameLocator('iframe').locator('#out');
  await expect(out).toContainText('{');
  expect(JSON.parse((await out.textContent()) ?? '{}')).toEqual({
    parsed: 'nothing came',
    written: 'nothing came',
    blank: 'refused',
    worker: 'refused',
    socket: 'refused',
    picture: 'refused',
    home: 'refused',
  });
  expect(left.filter((url) => url.includes('example.com'))).toEqual([]);
  await expect(panelOf(page)).toContainText('Artifacts run without a network.');
});

test('UX-19: an artifact that leads its frame away is stopped and can be run again', async ({
  page,
  chat,
  guard,
  scripted,
}) => {
  guard.allow(refusals);
  guard.allow(/off-origin: https:\/\/example\.com/);
  scripted.on('Build it', [
    {
      text: fence(
        'html id=runaway title="Runaway" type=html',
        '<p>here</p><script>location.href = "https://example.com/";</script>',
      ),
    },
  ]);
  await show(chat);
  const panel = panelOf(page);
  await expect(panel.getByRole('alert')).toContainText('it hung or tried to leave its frame');
  await expect(panel.locator('iframe')).toHaveCount(0);
  await panel.getByRole('button', { name: 'Run again' }).click();
  await expect(panel.locator('iframe')).toHaveCount(1);
  await expect(page).toHaveURL(/\/c\//);
});

test('UX-18: an error is shown with its place, and can be handed to the agent', async ({
  page,
  chat,
  guard,
  scripted,
}) => {
  guard.allow(/missing is not defined/);
  scripted.on('Build it', [
    {
      text: fence(
        'tsx id=broken title="Broken" type=react',
        'export default function Broken() { return <b>{missing.name}</b>; }',
      ),
    },
  ]);
  await show(chat);
  const problem = panelOf(page).getByRole('alert');
  await expect(problem).toContainText('missing is not defined');
  await problem.getByRole('button', { name: 'Ask for a fix' }).click();
  await expect(chat.input).toHaveValue(/"Broken" fails with: .*missing is not defined/);
});

test('UX-18: code that does not compile, and an import that is not there', async ({
  page,
  chat,
  guard,
  scripted,
}) => {
  guard.allow(/is not available/);
  scripted.on(
    'Build it',
    [
      {
        text: fence('tsx id=typo title="Typo" type=react', 'export default function Typo() { return <b>; }'),
      },
    ],
    [
      {
        text: fence(
          'tsx id=typo title="Typo" type=react',
          "import _ from 'lodash';\nexport default () => <b>{_.VERSION}</b>;",
        ),
      },
    ],
  );
  await show(chat);
  await expect(panelOf(page).getByRole('alert')).toContainText(/Unexpected token|Unterminated/);
  await chat.input.fill('Build it again');
  await chat.input.press('Enter');
  await expect(chat.answers).toHaveCount(2);
  await chat.settled();
  await expect(panelOf(page).getByRole('alert')).toContainText('"lodash" is not available');
});

test('UX-18: forms and the console work inside', async ({ page, chat, scripted }) => {
  scripted.on('Build it', [
    {
      text: fence(
        'html id=form title="Form" type=html',
        `<form><label>Name <input name="who" required></label><button>Greet</button></form><p id="out"></p>
<script>
document.querySelector('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const who = new FormData(event.target).get('who');
  document.getElementById('out').textContent = 'Hello ' + who;
  console.log('greeted', { who });
});
</script>`,
      ),
    },
  ]);
  await show(chat);
  const panel = panelOf(page);
  const frame = panel.frameLocator('iframe');
  await frame.getByRole('textbox', { name: 'Name' }).fill('harbour');
  await frame.getByRole('textbox', { name: 'Name' }).press('Enter');
  await expect(frame.locator('#out')).toHaveText('Hello harbour');
  await panel.getByRole('button', { name: /Console/ }).click();
  await expect(panel.getByRole('region', { name: 'Console' })).toContainText('greeted {"who":"harbour"}');
});
