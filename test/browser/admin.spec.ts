/**
 * /admin in Chromium without scripts, let in by a proxy: every form is sent as it stands on the
 * page, with its token, and by keys alone where that is what counts.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startApiFarm, type ApiFarm } from '../integration/api-farm.js';
import { seedFarm, type Seeded } from '../integration/seeded-farm.js';
import { accessibilityFaults, openChromium, visit, type Visit } from './chromium.js';

let farm: ApiFarm;
let seeded: Seeded;
let browser: Browser;
let here: Visit;
let page: Page;
beforeAll(async () => {
  const byProxy = { GAMBESON_ADMIN_TRUST: 'proxy', GAMBESON_TRUSTED_PROXIES: '127.0.0.1' };
  [farm, browser] = await Promise.all([startApiFarm(byProxy), openChromium()]);
  seeded = await seedFarm(farm.parts.database, farm.parts.logs);
  here = await visit(browser, { scripts: false });
  page = here.page;
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await farm?.stop();
}, 60_000);

async function open(path: string): Promise<void> {
  await page.goto(`${farm.address}${path}`);
}

async function press(name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).first().click();
}

/** Keys wait for nothing: the next page is there when it has loaded. */
async function enter(on: Page): Promise<void> {
  await Promise.all([on.waitForEvent('load'), on.keyboard.press('Enter')]);
}

async function told(): Promise<string> {
  return (await page.locator('.told').textContent()) ?? '';
}

describe('the pages of /admin without scripts', () => {
  it('pause a worker, say so, and let it go on by keys alone', async () => {
    await open('/admin/workers');
    await page.getByRole('checkbox', { name: 'one' }).check();
    await page.getByLabel('Note').fill('new <disks>');
    await press('Pause');
    expect(await told()).toContain('one is paused.');
    expect(await page.locator('main').textContent()).toContain('new <disks>');
    await page.getByRole('checkbox', { name: 'one' }).focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Resume' }).focus();
    await enter(page);
    expect(await told()).toContain('one goes on.');
  });

  it('save an edit by Enter in a field, and refuse one that came too late', async () => {
    await open('/admin/specifications/edit/demo');
    const late = await visit(browser, { scripts: false });
    await late.page.goto(`${farm.address}/admin/specifications/edit/demo`);
    await page.getByLabel('Priority').fill('4');
    await enter(page);
    expect(await told()).toContain('demo is saved.');
    await late.page.getByLabel('Share').fill('7');
    await enter(late.page);
    const table = (await late.page.locator('table').first().textContent()) ?? '';
    expect(table).toMatch(/priority9.*4as before/);
    expect(table).toMatch(/share100.*as before7/);
    expect(await late.page.getByLabel('Share').inputValue()).toBe('7');
    await late.close();
    await page.getByLabel('Period').fill('soon');
    await enter(page);
    await page.getByRole('link', { name: 'period: is to be a number' }).click();
    expect(await page.getByLabel('Period').getAttribute('aria-invalid')).toBe('true');
  });

  it('ask before an evaluation is canceled, and show a token once', async () => {
    await open(`/admin/evaluations/${seeded.evaluation}`);
    await page.getByRole('link', { name: `Cancel evaluation ${seeded.evaluation}` }).click();
    await press('Cancel it');
    expect(await told()).toContain(`evaluation ${seeded.evaluation} is canceled.`);
    await open('/admin/tokens');
    await page.getByLabel('Holder').fill('the CI');
    await page.getByLabel('It may').selectOption('role:viewer');
    await press('Make it');
    expect(await page.locator('.command').textContent()).toMatch(/^gbt_/);
    await page.getByRole('link', { name: 'All tokens' }).click();
    expect(await page.locator('main').textContent()).not.toContain('gbt_');
  });

  it('refuse a form whose token is not theirs', async () => {
    await open('/admin/workers');
    const forged = await page.request.post(`${farm.address}/admin/workers/drain`, {
      form: { worker: '1', note: '' },
      headers: { origin: farm.address },
    });
    expect(forged.status()).toBe(403);
    const standing = await farm.parts.database.query('select draining from workers');
    expect(standing).toEqual([{ draining: false }, { draining: false }]);
  });

  it('break no rule of the page, and stay accessible where something is refused', async () => {
    expect(here.faults.filter((fault) => !/ (403|409|422) /.test(fault))).toEqual([]);
    const other = await visit(browser);
    await other.page.goto(`${farm.address}/admin/specifications/remove/demo`);
    await other.page.getByLabel('Type demo to go on').fill('demi');
    await other.page.getByRole('button', { name: 'Remove it' }).click();
    expect(await other.page.locator('.fault').textContent()).toContain('Type demo to remove it');
    expect(await accessibilityFaults(other.page)).toEqual([]);
    await other.close();
  });
});
