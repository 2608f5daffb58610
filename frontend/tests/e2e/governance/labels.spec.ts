/** Labels of data on the page: set on a file, carried by what is said of it, and lifted when it is gone. */
import { clean } from '../../fixtures/clean';
import { expect, test } from '../../fixtures/test';

test('labels: a confidential file marks the answer and the chat', async ({ page, api }) => {
  const me = await (await api.get('/api/auth/me')).json();
  const clear = (level: string) =>
    api.patch(`/api/users/${me.user.id}`, { data: { data_clearance_level: level } });
  expect((await clear('confidential')).ok()).toBe(true);
  try {
    await page.goto('/');
    const plan = { name: 'plan.txt', mimeType: 'text/plain', buffer: Buffer.from('Buy the harbour.\n') };
    await page.locator('input[type="file"]').setInputFiles([plan]);
    await page.getByRole('button', { name: 'Classification of plan.txt: Internal' }).click();
    await expect(page.getByRole('menuitemradio', { name: 'Restricted' })).toHaveCount(0);
    await page.getByRole('menuitemradio', { name: 'Confidential' }).click();
    await expect(
      page.getByRole('button', { name: 'Classification of plan.txt: Confidential' }),
    ).toBeVisible();
    await page.getByRole('textbox', { name: 'Message' }).fill('What is a tide?');
    await page.keyboard.press('Enter');
    const answer = page.locator('article[data-status="complete"]').last();
    await expect(answer.getByText('Confidential', { exact: true })).toBeVisible();
    await page.reload();
    await expect(answer.getByText('Confidential', { exact: true })).toBeVisible();
    await expect(page.getByTitle(/may not be sent to every server/)).toHaveText('Confidential');
    await clean(page);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/labels.png` });

    await answer.getByRole('button', { name: 'Delete answer' }).click();
    await page
      .getByRole('alertdialog')
      .getByRole('button', { name: /Delete/ })
      .click();
    await expect(answer).toHaveCount(0);
  } finally {
    await clear('internal');
  }
});

test('labels: a policy asks the guards, in the editor', async ({ page, api }) => {
  const me = await (await api.get('/api/auth/me')).json();
  await page.goto('/governance/policies/new');
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Guards');
  await page.getByRole('textbox', { name: 'Target' }).fill('tool:nowhere/*');
  await page.getByRole('button', { name: 'Obligations' }).click();
  await page.getByRole('combobox', { name: 'Instructions in results' }).selectOption('withhold');
  await page.getByRole('combobox', { name: 'Sensitive text' }).selectOption('mask');
  await page.getByRole('combobox', { name: 'Of which kind' }).selectOption('secret');
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/guards.png`, fullPage: true });
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('heading', { name: 'Guards' })).toBeVisible();
  const { items } = await (await api.get(`/api/v1/orgs/${me.organization.id}/policies`)).json();
  const policy = items.find((item: { name: string }) => item.name === 'Guards');
  expect(policy.rules[0].obligations).toEqual([
    { kind: 'guard_injection', action: 'withhold' },
    { kind: 'guard_output', kinds: ['secret'], action: 'mask' },
  ]);
  await page.reload();
  await expect(page.getByRole('combobox', { name: 'Sensitive text' })).toHaveValue('mask');
  await api.delete(`/api/v1/orgs/${me.organization.id}/policies/${policy.id}`);
});
