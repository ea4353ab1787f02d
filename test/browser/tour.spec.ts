/**
 * Every page in Chromium: what axe-core finds, what the console tells, whether it goes sideways;
 * in both themes, wide and narrow, and once without scripts. Screenshots lie in .test-output/tour.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import {
  accessibilityFaults,
  openChromium,
  sidewaysPixels,
  visit,
  type Theme,
  type Visit,
} from './chromium.js';
import { weigh } from './budgets.js';
import { startLivedInFarm, type LivedInFarm } from './lived-in-farm.js';
import { tour, type Stop } from './tour.js';

const shots = join(process.cwd(), '.test-output', 'tour');
const sizes = [
  { width: 1280, height: 900 },
  { width: 320, height: 640 },
] as const;
const themes: readonly Theme[] = ['light', 'dark'];

let farm: LivedInFarm;
let browser: Browser;
/** One tab goes to all of them, another without scripts. */
let tab: Visit;
let plain: Visit;
beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  [farm, browser] = await Promise.all([startLivedInFarm(), openChromium()]);
  tab = await visit(browser);
  plain = await visit(browser, { width: 320, height: 640, scripts: false });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await farm?.stop();
}, 60_000);

/** Goes there; what the address answers is part of what is wrong. */
async function open(stop: Stop, one: Visit): Promise<void> {
  const address = `${farm.address}${stop.address(farm.ids)}`;
  one.faults.length = 0;
  const answer = await one.page.goto(address, { waitUntil: 'load' });
  expect(answer?.status()).toBe(stop.status ?? 200);
}

/** KiB gzipped, of the HTML, and of the scripts and sheets; a log's page may have more of them. */
const budget = { html: 60, assets: 60, assetsOfLog: 75 };

describe.each(tour)('$name', (stop) => {
  it('is whole and accessible in both themes, wide and narrow', async () => {
    const { page } = tab;
    const found: string[] = [];
    await open(stop, tab);
    for (const size of sizes) {
      await page.setViewportSize(size);
      for (const theme of themes) {
        await page.emulateMedia({ colorScheme: theme });
        const look = `${size.width} ${theme}`;
        const faults = await accessibilityFaults(page, theme === 'dark' ? 'colours' : undefined);
        found.push(...faults.map((fault) => `${look}: ${fault}`));
        await page.screenshot({ path: join(shots, `${stop.name}-${size.width}-${theme}.png`) });
      }
      expect([size.width, await sidewaysPixels(page)]).toEqual([size.width, 0]);
    }
    // The address that is not there is told by the console itself.
    const faults = stop.status ? tab.faults.filter((fault) => !/ 40[04] /.test(fault)) : tab.faults;
    expect([...found, ...faults]).toEqual([]);
  });

  it('says all of it without scripts', async () => {
    const { page } = plain;
    await open(stop, plain);
    const heading = (await page.locator('h1').first().textContent()) ?? '';
    const text = (await page.locator('main').textContent()) ?? '';
    await page.screenshot({ path: join(shots, `${stop.name}-320-plain.png`) });
    expect(heading.trim()).not.toBe('');
    expect(text.length).toBeGreaterThan(heading.length + 20);
    expect(plain.faults.filter((fault) => !/ 40[04] /.test(fault))).toEqual([]);
  });

  it('weighs no more than a page may', async () => {
    const { htmlKiB, scriptsAndSheetsKiB } = await weigh(
      `${farm.address}${stop.address(farm.ids)}`,
    );
    expect(htmlKiB).toBeLessThan(budget.html);
    const assets = /log/.test(stop.name) ? budget.assetsOfLog : budget.assets;
    expect(scriptsAndSheetsKiB).toBeGreaterThan(1);
    expect(scriptsAndSheetsKiB).toBeLessThan(assets);
  });
});
