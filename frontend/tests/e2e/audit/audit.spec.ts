/** The audit log on the page: filters in the address, one entry, the chain, files, and who accessed what. */
import { readFile } from 'node:fs/promises';
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('audit: entries are listed, filtered and opened, all of it in the address', async ({ page, api }) => {
  const name = `Audited ${Date.now()}`;
  const made = await (await api.post('/api/agents', { data: { name } })).json();
  const refused = await api.delete('/api/agents/00000000-0000-7000-8000-00000000c0de');
  expect(refused.ok()).toBe(false);
  await page.goto('/');
  await page.getByRole('link', { name: 'Governance' }).click();
  await page.getByRole('navigation', { name: 'Governance' }).getByRole('link', { name: 'Audit' }).click();
  await expect(page).toHaveURL(/\/audit$/);
  await expect(page.getByRole('heading', { level: 1, name: 'Audit' })).toBeVisible();
  const entries = page.getByRole('region', { name: 'Entries' });
  const row = entries.getByRole('row').filter({ hasText: `agent:${name}` });
  await expect(row).toContainText('agent.create');
  await expect(row).toContainText('Robin Field');
  await expect(row).toContainText('Allowed');
  // Sealed while we look, without a reload.
  await expect(row).toContainText(/#\d+/);

  await page.getByRole('searchbox', { name: 'Action' }).fill('agent.cre');
  await expect(page).toHaveURL(/action=agent\.cre/);
  await expect(entries.getByRole('row').filter({ hasText: 'account.' })).toHaveCount(0);
  await page.getByRole('radio', { name: 'Denied' }).click();
  await expect(page).toHaveURL(/decision=deny/);
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('radio', { name: 'All', exact: true }).click();
  await page.getByRole('combobox', { name: 'Time' }).selectOption('Last 24 hours');
  await expect(page).toHaveURL(/period=day/);
  await expect(row).toBeVisible();
  await page.reload();
  await expect(page.getByRole('searchbox', { name: 'Action' })).toHaveValue('agent.cre');
  await expect(row).toBeVisible();

  await row.getByRole('button').focus();
  await page.keyboard.press('Enter');
  const entry = page.getByRole('dialog', { name: 'Entry' });
  await expect(entry).toContainText('agent.created');
  await expect(entry).toContainText(`agent:${made.id}`);
  await expect(entry).toContainText(/[0-9a-f]{64}/);
  await expect(page).toHaveURL(/entry=/);
  const address = page.url();
  await page.keyboard.press('Escape');
  await expect(entry).toHaveCount(0);
  await page.goto(address);
  await expect(entry).toContainText('agent.created');
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await expect(page).toHaveURL(/\/audit$/);
});

test('audit: the chain is verified, and says up to where', async ({ page, api }) => {
  await page.goto('/governance/audit');
  const chain = page.getByRole('region', { name: 'Chain' });
  await expect(chain).toContainText(/#\d+/);
  await chain.getByRole('button', { name: 'Verify' }).click();
  await expect(chain).toContainText(/Chain verified up to #\d+/);
  await expect(chain).toContainText(/signed checkpoints? agree/);
  const verified = Number(/#([\d,]+)/.exec((await chain.textContent()) ?? '')?.[1]?.replace(/,/g, ''));
  expect(verified).toBeGreaterThan(0);
  // What comes later is sealed too, and verified with the next check.
  await api.post('/api/conversations', { data: {} });
  await expect(async () => {
    await chain.getByRole('button', { name: 'Verify' }).click();
    await expect(chain).not.toContainText(`verified up to #${verified}`, { timeout: 1000 });
  }).toPass();
});

test('audit: a broken chain names its entry', async ({ page }) => {
  await page.route('**/audit/chain*', async (route) => {
    const answer = await route.fetch();
    const chain = await answer.json();
    chain.verification = {
      ok: false,
      at: new Date().toISOString(),
      from: 1,
      to: 16,
      checkpoints: 1,
      fault: { seq: 17, event_id: null, detail: 'it is missing' },
    };
    await route.fulfill({ response: answer, json: chain });
  });
  await page.goto('/governance/audit');
  const chain = page.getByRole('region', { name: 'Chain' });
  await expect(chain).toContainText('The log was changed at #17');
  await expect(chain).toContainText('Entry 17: it is missing.');
});

test('audit: exports are files, and the whole one carries its checkpoints', async ({ page }) => {
  await page.goto('/governance/audit');
  await expect(page.getByRole('region', { name: 'Entries' }).getByRole('row').nth(1)).toBeVisible();
  for (const [item, ending] of [
    ['JSON lines', 'jsonl'],
    ['CSV', 'csv'],
  ] as const) {
    await page.getByRole('button', { name: 'Export' }).click();
    const waiting = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: item }).click();
    const file = await waiting;
    expect(file.suggestedFilename()).toMatch(new RegExp(`^audit-.*\\.${ending}$`));
    const text = await readFile(await file.path(), 'utf8');
    if (ending === 'csv') expect(text).toMatch(/^seq,id,ts,/);
    else {
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines[0].seq).toBe(1);
      expect(lines.at(-1).checkpoint.signature).toBeTruthy();
    }
  }
});

test('audit: the compliance tab counts who accessed what', async ({ page }) => {
  await page.goto('/governance/audit');
  await page
    .getByRole('navigation', { name: 'Governance' })
    .getByRole('link', { name: 'Compliance' })
    .click();
  await expect(page).toHaveURL(/\/audit\/compliance/);
  const tabs = page.getByRole('navigation', { name: 'Governance' });
  await expect(tabs.locator('[aria-current="page"]')).toHaveText(['Compliance']);
  const accesses = page.getByRole('region', { name: 'Accesses' });
  await expect(accesses.getByRole('row').filter({ hasText: 'agent.create' })).toContainText('Robin Field');
  const plot = page.getByRole('slider', { name: 'Over time' });
  await plot.focus();
  await expect(plot).toHaveAttribute('aria-valuetext', /: [1-9]\S* allowed, \d\S* denied$/);
  await page.keyboard.press('Home');
  await expect(plot).toHaveAttribute('aria-valuetext', /: 0 allowed, 0 denied$/);
  await page.getByLabel('Label of the plot').selectOption('Restricted');
  await expect(plot).toHaveAttribute('aria-valuenow', '1');
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export as CSV' }).click();
  expect((await waiting).suggestedFilename()).toMatch(/^compliance-.*\.csv$/);
  await page.getByRole('textbox', { name: 'From' }).fill('2020-01-01');
  await page.getByRole('textbox', { name: 'To', exact: true }).fill('2020-01-02');
  await expect(page).toHaveURL(/from=2020-01-01/);
  await expect(page.getByText('Nothing in this time')).toBeVisible();
});

test('audit: loading fails where it failed, and can be tried again', async ({ page, guard }) => {
  guard.allow(/500/);
  let broken = true;
  await page.route('**/audit?*', (route) =>
    broken
      ? route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"code":"internal"}' })
      : route.fallback(),
  );
  await page.goto('/governance/audit');
  await expect(page.getByRole('alert')).toContainText('The log could not be loaded', { timeout: 20_000 });
  await expect(page.getByRole('region', { name: 'Chain' })).toContainText(/#\d+/);
  broken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('region', { name: 'Entries' }).getByRole('row').nth(1)).toBeVisible();
});

for (const theme of ['light', 'dark'] as const) {
  test(`audit: axe finds nothing, ${theme}`, async ({ page }) => {
    await page.addInitScript((value) => {
      localStorage.setItem('conductor.appearance', JSON.stringify({ theme: value }));
    }, theme);
    for (const address of ['/governance/audit', '/governance/audit/compliance']) {
      await page.goto(address);
      await expect(page.getByRole('row').nth(1)).toBeVisible();
      await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
      await clean(page);
      if (process.env.SHOTS) {
        await page.screenshot({
          path: `${process.env.SHOTS}/${theme}${address.replaceAll('/', '-')}.png`,
          fullPage: true,
        });
      }
    }
    await page.goto('/governance/audit');
    await page.getByRole('row').nth(1).getByRole('button').click();
    await expect(page.getByRole('dialog').locator('dl')).toBeVisible();
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${theme}-entry.png` });
    await clean(page);
  });
}
