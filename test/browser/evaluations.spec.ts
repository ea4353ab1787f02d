/** The pages of evaluations under somebody's hands: tabs, filters, the map of all jobs. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { openChromium, visit } from './chromium.js';
import { startLivedInFarm, type LivedInFarm } from './lived-in-farm.js';

let farm: LivedInFarm;
let browser: Browser;
beforeAll(async () => {
  [farm, browser] = await Promise.all([startLivedInFarm(), openChromium()]);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await farm?.stop();
}, 60_000);

async function on(path: string, look: (page: Page) => Promise<void>, scripts = true) {
  const one = await visit(browser, { width: 1000, height: 700, scripts });
  await one.page.goto(`${farm.address}${path}`, { waitUntil: 'load' });
  await look(one.page);
  const { faults } = one;
  await one.close();
  expect(faults).toEqual([]);
}

describe('an evaluation', () => {
  it('shows first what broke, and by tabs and fields whatever else differs', async () => {
    const { after, before } = farm.ids;
    const walk = async (page: Page): Promise<void> => {
      expect(await page.locator('.verdict').textContent()).toMatch(/^1 newly failing, 1 newly suc/);
      const checkouts = page.getByRole('group', { name: 'Channel, Branch' });
      expect(await checkouts.textContent()).toContain('aaaaaaa..ccccccc');
      const jobs = page.getByRole('group', { name: 'Jobs' });
      expect(await jobs.locator('tbody tr').allTextContents()).toEqual([
        expect.stringContaining('breaks'),
      ]);
      await page.getByRole('link', { name: 'removed 1' }).click();
      expect(await jobs.locator('tbody tr').allTextContents()).toEqual([
        expect.stringContaining('goes'),
      ]);
      await page.getByRole('link', { name: 'all 10' }).click();
      await page.getByRole('searchbox', { name: 'Name' }).fill('s -t');
      await page.getByRole('button', { name: 'Filter' }).click();
      await page.waitForURL(/name=s\+-t/);
      expect(new URL(page.url()).searchParams.get('kind')).toBe('all');
      const found = await jobs.locator('tbody td:nth-child(2) a').allTextContents();
      expect(found).toEqual(['breaks', 'comes', 'mends', 'second']);
      await page.getByLabel('Another evaluation or specification').fill(String(before));
      await page.getByRole('button', { name: 'Compare' }).click();
      await page.waitForURL(/compare=/);
      expect(await page.locator('.compare').textContent()).toContain(`evaluation ${before} of`);
      await page.getByRole('link', { name: /: timed-out$/ }).click();
      expect(await jobs.locator('tbody td:nth-child(2) a').allTextContents()).toEqual(['ailing']);
    };
    await on(`/evaluations/${after}`, walk);
    await on(`/evaluations/${after}`, walk, false);
  });
});

describe('the map of all jobs', () => {
  const cells = (page: Page) => page.locator('.map-box a');

  it('draws what is in sight, chooses as one writes, and its shapes lead to builds', async () => {
    await on(`/evaluations/${farm.ids.many}/map`, async (page) => {
      await cells(page).first().waitFor();
      expect(await page.locator('[data-found]').textContent()).toBe('2,000 jobs');
      expect(await cells(page).count()).toBeLessThan(1500);
      await page.getByRole('searchbox', { name: 'Name' }).pressSequentially('p199');
      expect(await page.locator('[data-found]').textContent()).toBe('11 jobs');
      expect(await cells(page).count()).toBe(11);
      expect(new URL(page.url()).search).toBe('?name=p199');
      await page.getByRole('combobox', { name: 'Status' }).selectOption('failed');
      const left = await cells(page).evaluateAll((all) => all.map((one) => one.ariaLabel ?? ''));
      expect(left.filter((label) => !label.endsWith(': failed'))).toEqual([]);
      expect(left.length).toBeLessThan(11);
      await page.getByRole('combobox', { name: 'Status' }).selectOption('succeeded');
      await cells(page).first().focus();
      await page.keyboard.press('ArrowRight');
      const chosen = await page.evaluate(() => document.activeElement?.ariaLabel ?? '');
      expect(chosen).toMatch(/^p199\d: succeeded$/);
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/builds\/\d+$/);
      expect(await page.locator('h1').textContent()).toContain(chosen.split(':')[0]);
    });
  });

  it('has the browser lay out the page a few times for a key, not once for each job', async () => {
    await on(`/evaluations/${farm.ids.many}/map`, async (page) => {
      await cells(page).first().waitFor();
      const browser = await page.context().newCDPSession(page);
      await browser.send('Performance.enable');
      const layouts = async (): Promise<number> => {
        const { metrics } = await browser.send('Performance.getMetrics');
        return metrics.find(({ name }) => name === 'LayoutCount')?.value ?? Infinity;
      };
      const before = await layouts();
      await page.getByRole('searchbox', { name: 'Name' }).pressSequentially('p1');
      expect(await page.locator('[data-found]').textContent()).toBe('1,111 jobs');
      expect((await layouts()) - before).toBeLessThan(50);
    });
  });

  it('has all of it further down, and never much more than what is in sight', async () => {
    await on(`/evaluations/${farm.ids.many}/map`, async (page) => {
      await page.setViewportSize({ width: 320, height: 500 });
      await cells(page).first().waitFor();
      await cells(page).first().focus();
      await page.locator('.map-box').evaluate((box) => {
        const { top, height } = box.getBoundingClientRect();
        scrollBy(0, top + height / 2 - innerHeight / 2);
      });
      const sorted = Array.from({ length: 2000 }, (_, at) => `p${at + 1}`).sort();
      await page.getByLabel(new RegExp(`^${sorted[1000]}: `)).waitFor();
      // What has the focus stays, wherever it is.
      expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toMatch(/^p1: /);
      expect(await cells(page).count()).toBeLessThan(1000);
    });
  });
});
