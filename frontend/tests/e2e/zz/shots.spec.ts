import { execSync } from 'node:child_process';
import { expect, test } from '../../fixtures/test';

test('shots', async ({ page, chat, api, scripted, guard }) => {
  test.setTimeout(120_000);
  guard.allow(/429/);
  scripted.on('count me', [{ text: 'Counted.' }]);
  await chat.openNew();
  await chat.ask('count me');
  await chat.settled();
  console.log(execSync('python3 /tmp/seed.py').toString().slice(0, 300));
  const me = await (await api.get('/api/auth/me')).json();
  const budgets = `/api/v1/orgs/${me.organization.id}/budgets`;
  const make = async (data: object) => expect((await api.post(budgets, { data })).status()).toBe(201);
  await make({ name: 'Research team', scope: 'organization', period: 'total', limit: '60' });
  await make({ name: 'Per person', scope: 'user', period: 'month', limit: '500', hard_stop: false });
  await make({ name: 'October trial', scope: 'organization', period: 'total', limit: '5', is_active: false });
  await make({ name: 'Each run', scope: 'run', period: 'total', limit: '0.5' });
  await make({ name: 'Pilot', scope: 'user', target_id: me.user.id, period: 'total', limit: '20' });
  for (const theme of ['light', 'dark'] as const) {
    await page.addInitScript((value) => {
      localStorage.setItem('conductor.appearance', JSON.stringify({ theme: value }));
    }, theme);
    for (const route of ['governance/costs', 'governance/budgets', 'governance/pricing', 'settings/usage', '']) {
      await page.goto(`/${route}`);
      await page.waitForTimeout(900);
      if (route === 'governance/costs') await page.getByRole('slider').focus();
      await page.screenshot({ path: `/tmp/shots/${theme}-${route.replace('/', '-') || 'chat'}.png`, fullPage: true });
    }
  }
  await page.setViewportSize({ width: 390, height: 800 });
  for (const route of ['governance/costs', 'governance/budgets', 'governance/pricing']) {
    await page.goto(`/${route}`);
    await page.waitForTimeout(700);
    await page.screenshot({ path: `/tmp/shots/phone-${route.replace('/', '-')}.png`, fullPage: true });
  }
});
