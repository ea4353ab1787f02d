/**
 * Open pages in Chromium while the farm moves: they follow it and take nothing away from whoever
 * reads; all tabs share one stream; keys, theme and times are as the reader wants them.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { answered, eventually } from '#testkit/eventually.js';
import { EventStreams } from '../../apps/api/events/event-streams.js';
import { accessibilityFaults, openChromium, visit, type Look, type Visit } from './chromium.js';
import { startLivedInFarm, type LivedInFarm } from './lived-in-farm.js';
import { openSeverableWay } from './severable.js';

let farm: LivedInFarm;
let browser: Browser;
const visits: Visit[] = [];
beforeAll(async () => {
  [farm, browser] = await Promise.all([startLivedInFarm(), openChromium()]);
}, 60_000);
afterEach(async () => {
  await Promise.all(visits.splice(0).map(({ close }) => close()));
  await turn(farm.ids.demo.builds.running, 'started');
  await eventually('no stream', () => streams() === 0);
});
afterAll(async () => {
  await browser?.close();
  await farm?.stop();
}, 60_000);

async function visited(look: Look = {}): Promise<Visit> {
  const one = await visit(browser, look);
  visits.push(one);
  return one;
}

/** A build turns, and the farm hears of it. */
async function turn(build: number, status: string): Promise<void> {
  await farm.parts.database.execute('update builds set status = $2 where id = $1', [build, status]);
  await farm.parts.bus.publish('live/builds', JSON.stringify({ build, status }));
}

function streams(): number {
  return farm.app.get(EventStreams, { strict: false }).size;
}

async function textOf(page: Page): Promise<string> {
  return (await page.locator('main').textContent()) ?? '';
}

async function changedFrom(page: Page, before: string): Promise<void> {
  await answered('a change', async () => ((await textOf(page)) === before ? null : true), 10_000);
}

describe('an open page', () => {
  it('follows the farm and keeps focus, what was typed, open details and the scroll', async () => {
    const { page, faults } = await visited({ height: 400 });
    const { demo } = farm.ids;
    await page.goto(`${farm.address}/evaluations/${demo.evaluation}`);
    await eventually('one stream', () => streams() === 1);
    await page.locator('main input[name=name]').first().fill('slo');
    await page.evaluate('scrollTo(0, 120)');
    const before = await textOf(page);
    await turn(demo.builds.running, 'succeeded');
    await changedFrom(page, before);
    const kept = await page.evaluate(`({
      focus: document.activeElement.getAttribute('name'),
      typed: document.activeElement.value,
      scroll: scrollY,
    })`);
    expect(kept).toEqual({ focus: 'name', typed: 'slo', scroll: 120 });
    expect(faults).toEqual([]);
  });

  it('waits with what changed while somebody selects text', async () => {
    const { page, context } = await visited();
    const other = await context.newPage();
    for (const tab of [page, other]) await tab.goto(`${farm.address}/specifications/demo`);
    await eventually('one stream', () => streams() === 1);
    const before = await textOf(page);
    await page.evaluate(`getSelection().selectAllChildren(document.querySelector('h1'))`);
    await turn(farm.ids.demo.builds.running, 'succeeded');
    await changedFrom(other, before);
    expect(await page.evaluate(`String(getSelection())`)).toBe('demo');
    expect(await textOf(page)).toBe(before);
    await page.evaluate(`getSelection().removeAllRanges()`);
    await changedFrom(page, before);
  });

  it('shares one stream with all other tabs, and they go on when one is closed', async () => {
    const { page, context } = await visited();
    const others = await Promise.all([...Array(7).keys()].map(() => context.newPage()));
    const paths = ['/', '/queue', '/workers', '/specifications/demo'];
    const tabs = [page, ...others];
    await Promise.all(tabs.map((tab, n) => tab.goto(`${farm.address}${paths[n % paths.length]}`)));
    await eventually('one stream', () => streams() === 1);
    await page.close();
    const { running } = farm.ids.demo.builds;
    const last = others.at(-1)!;
    const before = await textOf(last);
    await turn(running, 'succeeded');
    await changedFrom(last, before);
    expect(streams()).toBe(1);
  });

  it('says when the farm does not answer, and goes on when it does', async () => {
    const { page } = await visited();
    const way = await openSeverableWay(farm.address);
    await page.goto(`${way.address}/evaluations/${farm.ids.demo.evaluation}`);
    await eventually('one stream', () => streams() === 1);
    const [stale, before] = [page.locator('.stale'), await textOf(page)];
    expect(await stale.textContent()).toBe('');
    await way.sever();
    await turn(farm.ids.demo.builds.running, 'succeeded');
    await answered('that it is gone', async () => (await stale.textContent()) || null);
    expect(await stale.textContent()).toMatch(/^The farm does not answer. This page is as it was/);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await textOf(page)).toBe(before);
    await way.mend();
    await changedFrom(page, before);
    expect(await stale.textContent()).toBe('');
    await page.goto('about:blank');
    await way.sever();
  });

  it('keeps the focus on what it was on, wherever news put that', async () => {
    const { page } = await visited();
    const { demo } = farm.ids;
    await page.goto(`${farm.address}/evaluations/${demo.evaluation}?kind=all&status=failed`);
    await eventually('one stream', () => streams() === 1);
    const jobs = page.getByRole('group', { name: 'Jobs' });
    await jobs.locator(`a[href="/builds/${demo.builds.failed}"]`).focus();
    // Its line comes before.
    await turn(demo.builds.waiting, 'failed');
    await jobs.getByText('after-slow').waitFor();
    const held = await page.evaluate(`document.activeElement.getAttribute('href')`);
    await turn(demo.builds.waiting, 'scheduled');
    expect(held).toBe(`/builds/${demo.builds.failed}`);
  });

  it('says so when what it shows is no more', async () => {
    const { page } = await visited();
    const { demo } = farm.ids;
    await page.goto(`${farm.address}/builds/${demo.builds.running}`);
    await eventually('one stream', () => streams() === 1);
    await page.route('**/builds/*', (route) => route.fulfill({ status: 404, body: 'gone' }));
    await turn(demo.builds.running, 'started');
    const stale = page.locator('.stale');
    await answered('that it is gone', async () => (await stale.textContent()) || null);
    expect(await stale.textContent()).toMatch(/^The farm has this no more\. This page is as it/);
  });

  it('tells in the title and the icon of its tab how things stand', async () => {
    const { page } = await visited();
    const { running } = farm.ids.demo.builds;
    await page.goto(`${farm.address}/builds/${running}`);
    const icon = () => page.locator('link[rel=icon]').getAttribute('href');
    expect(await page.title()).toMatch(/^▶ slow-1.0: started/);
    const before = await icon();
    await eventually('one stream', () => streams() === 1);
    await turn(running, 'succeeded');
    await answered('its end', async () => ((await page.title()).startsWith('✓') ? true : null));
    expect(await icon()).not.toBe(before);
  });
});

describe('the reader', () => {
  it('chooses theme, times and zone, and finds them again', async () => {
    const { page } = await visited();
    await page.goto(`${farm.address}/`);
    const time = page.locator('main time').first();
    expect(await time.textContent()).toMatch(/ago$|now/);
    await page.keyboard.press('?');
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.locator('select[name=theme]').selectOption('dark');
    await page.locator('select[name=times]').selectOption('absolute');
    await page.locator('select[name=zone]').selectOption('utc');
    await page.keyboard.press('Escape');
    expect(await time.textContent()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    await page.reload();
    expect(await time.textContent()).toMatch(/UTC$/);
    const paper = await page.evaluate(`getComputedStyle(document.body).backgroundColor`);
    expect(paper).toBe('rgb(22, 24, 27)');
  });

  it('goes about by keys, which rest in fields and can be turned off', async () => {
    const { page } = await visited();
    await page.goto(`${farm.address}/`);
    await page.keyboard.press('g');
    await Promise.all([page.waitForURL('**/queue'), page.keyboard.press('q')]);
    await page.keyboard.press('/');
    await page.keyboard.type('g w?');
    expect(await page.locator('#search-field').inputValue()).toBe('g w?');
    await page.locator('h1').click();
    await page.locator('#open-preferences').click();
    await page.locator('select[name=keys]').selectOption('off');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    expect(await page.locator('#preferences').isVisible()).toBe(false);
  });
});

describe('the log of a build that is running', () => {
  it('leaves connections free, however many tabs show it where no worker is shared', async () => {
    const { page, context, faults } = await visited();
    await context.addInitScript('delete globalThis.SharedWorker');
    const others = await Promise.all([...Array(6).keys()].map(() => context.newPage()));
    const { running } = farm.ids.demo.builds;
    for (const tab of [page, ...others]) await tab.goto(`${farm.address}/builds/${running}`);
    expect(streams()).toBeLessThan(4);
    await turn(running, 'succeeded');
    const last = others.at(-1)!;
    await answered('its end', async () => ((await last.title()).startsWith('✓') ? true : null));
    expect(faults).toEqual([]);
    // On a busy machine Chromium may take half a minute to let go of many tabs at once.
    for (const tab of others) await tab.close();
  });

  it('grows while it is looked at, and goes on where it was', async () => {
    const { page, faults } = await visited();
    const { builds, attempts } = farm.ids.demo;
    const key = `attempt-${attempts.running}` as const;
    const write = async (text: string): Promise<void> => {
      const size = await farm.parts.logs.size(key);
      await farm.parts.logs.append(key, size, Buffer.from(text));
      await farm.parts.bus.publish(`live/log/${key}`, String(size));
    };
    await write('one\n');
    await page.goto(`${farm.address}/builds/${builds.running}`);
    const log = page.locator('pre.log');
    await eventually('one stream', () => streams() === 1);
    await write('two <b>bold</b>\n');
    await answered('the line', async () => (await log.textContent())?.includes('bold') || null);
    // A tab that is left holds no connection.
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
      document.dispatchEvent(new Event('visibilitychange'));
    `);
    await write('three\n');
    await page.evaluate(`
      delete document.hidden;
      document.dispatchEvent(new Event('visibilitychange'));
    `);
    await answered('the rest', async () => (await log.textContent())?.includes('three') || null);
    expect(await log.textContent()).toBe('one\ntwo <b>bold</b>\nthree\n');
    expect(faults).toEqual([]);
  });
});
