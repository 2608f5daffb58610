/** UX-24: no violations of WCAG 2.2 AA on any route, in both themes. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

const routes = [
  '/',
  '/library/agents',
  '/library/agents/new',
  '/workflows',
  '/workflows?canvas=',
  '/servers',
  '/inbox',
  '/governance/policies',
  '/governance/policies/new',
  '/governance/users',
  '/governance/reviews',
  '/governance/audit',
  '/governance/audit/compliance',
  '/governance/costs',
  '/governance/budgets',
  '/governance/pricing',
  '/settings/profile',
  '/settings/appearance',
  '/settings/keys',
  '/settings/usage',
  '/settings/members',
  '/settings/service-accounts',
  '/settings/provisioning',
  '/settings/retention',
  '/settings/workflow-context',
  '/settings/log-forwarding',
  '/settings/security',
];

for (const theme of ['light', 'dark'] as const) {
  test(`UX-24: axe finds nothing, ${theme}`, async ({ page, chat, scripted }) => {
    test.setTimeout(120_000);
    await page.addInitScript((value) => {
      localStorage.setItem('conductor.appearance', JSON.stringify({ theme: value }));
    }, theme);
    for (const route of routes) {
      await page.goto(route);
      await expect(page.getByRole('heading', { level: 1 }), route).toHaveCount(1);
      await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
      await test.step(route, () => clean(page));
    }
    scripted.on('axe', [
      { thinking: 'Hm.' },
      { text: '# Title\n\nText with `code`.\n\n```js\nlet a = 1;\n```\n\n- one\n' },
    ]);
    await chat.openNew();
    await chat.ask('axe');
    await chat.settled();
    await test.step('chat', () => clean(page));
  });
}
