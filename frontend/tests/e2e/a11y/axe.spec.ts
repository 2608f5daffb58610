/** UX-24: no violations of WCAG 2.2 AA on any route, in both themes. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '../../fixtures/test';

const routes = [
  '/',
  '/library/agents',
  '/library/agents/new',
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
  '/settings/security',
];

async function violations(page: import('@playwright/test').Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .analyze();
  return found.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')}`),
  );
}

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
      expect(await violations(page), route).toEqual([]);
    }
    scripted.on('axe', [
      { thinking: 'Hm.' },
      { text: '# Title\n\nText with `code`.\n\n```js\nlet a = 1;\n```\n\n- one\n' },
    ]);
    await chat.openNew();
    await chat.ask('axe');
    await chat.settled();
    expect(await violations(page), 'chat').toEqual([]);
  });
}
