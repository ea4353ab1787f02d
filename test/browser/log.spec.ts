/** The page of a log in Chromium: a window over any size, links, search, folds, copying, safety. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startApiFarm, type ApiFarm } from '../integration/api-farm.js';
import {
  seedAttempt,
  seedBuild,
  seedEvaluation,
  seedNextEvaluation,
} from '../integration/seeded-farm.js';
import { openChromium, visit, type Look, type Visit } from './chromium.js';

const shots = join(process.cwd(), '.test-output', 'log');
const esc = '\u001b';
let farm: ApiFarm;
let browser: Browser;
let evaluation = 0;
let long = 0;
let unread = 0;
let untold = 0;
let hostile = 0;
let visits: Visit[] = [];

const longLines = 100_000;
const phaseLines = 5000;

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  [farm, browser] = await Promise.all([startApiFarm(), openChromium()]);
  const { database } = farm.parts;
  await database.execute(
    `insert into workers (name, credential_hash, systems, slots, cores, speed, class, version)
     values ('one', 'x', '{x86_64-linux}', 2, 3, 1, 'x86_64-linux~@1', '0.1.0')`,
  );
  evaluation = await seedEvaluation(database, 'demo');
  const log = longLog();
  long = await buildWith('long-1.0', log);
  unread = await buildWith('unread-1.0', log);
  untold = await buildWith('untold-1.0', log);
  hostile = await buildWith('hostile-1.0', hostileLog());
}, 60_000);
afterEach(async () => {
  for (const one of visits) await one.close();
  visits = [];
});
afterAll(async () => {
  await browser?.close();
  await farm?.stop();
}, 60_000);

async function buildWith(name: string, log: Buffer, status = 'failed'): Promise<number> {
  const { database, logs } = farm.parts;
  const build = await seedBuild(database, evaluation, { name, status });
  const attempt = await seedAttempt(database, build, status);
  await logs.append(`attempt-${attempt}`, 0, log);
  return build;
}

/** Phases of 5,000 lines each; the last one fails. */
function longLog(): Buffer {
  const lines: string[] = [];
  for (let n = 1; n <= longLines; n += 1) {
    const at = (n - 1) % phaseLines;
    const phase = `phase-${Math.ceil(n / phaseLines)}`;
    if (at === 0) lines.push(`starting phase \`${phase}'`);
    else if (n === longLines) lines.push(`error: in phase '${phase}': it broke`);
    else if (at === phaseLines - 1) lines.push(`phase \`${phase}' succeeded after 61.5 seconds`);
    else if (n === 50_123) lines.push('a needle in the haystack');
    else lines.push(`[${n}] ${esc}[32mCC${esc}[0m  file-${n}.c ${'-O2 '.repeat(n % 60)}`);
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

function hostileLog(): Buffer {
  return Buffer.concat([
    Buffer.from('<script>document.title = "owned"</script><img src=x onerror=alert(1)>\n'),
    Buffer.from(`${esc}]8;;javascript:alert(1)${esc}\\click${esc}]8;;${esc}\\ me\n`),
    Buffer.from(`${esc}]8;;https://example.org/?a=1${esc}\\safe${esc}]8;;${esc}\\ link\n`),
    Buffer.from([0x62, 0xff, 0xfe, 0xc3, 0x28, 0xf0, 0x9f, 0x0a]),
    Buffer.from('nul\0nul\n'),
    Buffer.from(`one\ntwo${esc}[1A${esc}[2Kover${esc}[10;10Hfar\n 1%\r 50%\r100% done\n`),
    Buffer.alloc(10 * 1024 * 1024, 'x'),
    Buffer.from(`\n${esc}[38;2;9;9;9m${esc}[48;5;16mhidden?${esc}[0m\nabc\u202edef\nlast line`),
  ]);
}

async function open(address: string, look: Look = {}): Promise<Visit> {
  const one = await visit(browser, look);
  visits.push(one);
  await one.page.goto(`${farm.address}${address}`);
  if (look.scripts !== false) await one.page.waitForSelector('.lines.windowed');
  return one;
}

const nodes = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
    let count = 0;
    while (walker.nextNode()) count += 1;
    return count;
  })()`);

/** A policy that forbids `eval` forbids waitForFunction. */
const until = (page: Page, condition: string): Promise<void> =>
  page.evaluate(`new Promise((resolve, reject) => {
    const end = Date.now() + 10000;
    const told = () => {
      const box = document.getElementById('lines');
      const rows = document.querySelectorAll('.line');
      const ends = [rows[0], rows[rows.length - 1]].map((row) => row && row.id);
      return [box.scrollTop, box.scrollHeight, box.clientHeight, rows.length, ...ends].join(' ');
    };
    const look = () => {
      if (${condition}) resolve();
      else if (Date.now() > end) reject(new Error('it never came: ' + told()));
      else requestAnimationFrame(look);
    };
    look();
  })`);

/** Waits until the row is there and seen within the box. */
async function seen(page: Page, line: number): Promise<void> {
  await until(
    page,
    `(() => {
      const row = document.getElementById('L${line}')?.getBoundingClientRect();
      const box = document.getElementById('lines').getBoundingClientRect();
      return row && row.top >= box.top - 1 && row.bottom <= box.bottom + 1;
    })()`,
  );
}

describe('the page of a long log', () => {
  it('shows its end first, and few nodes wherever it is', async () => {
    const { page, faults } = await open(`/builds/${long}/log`);
    await seen(page, longLines);
    expect(await nodes(page)).toBeLessThanOrEqual(3000);
    for (const share of [0, 0.5, 0.123, 0.99, 1]) {
      await page.evaluate(`(() => {
        const box = document.getElementById('lines');
        box.scrollTop = ${share} * (box.scrollHeight - box.clientHeight);
      })()`);
      await until(page, `Math.abs((${topLineText})() - ${share * longLines}) < 60`);
      expect(await nodes(page)).toBeLessThanOrEqual(3000);
    }
    await page.screenshot({ path: join(shots, 'long.png') });
    await seen(page, longLines);
    expect(faults).toEqual([]);
  });

  it('is scrolled through with the wheel, up and down, without a gap or a jump', async () => {
    const { page } = await open(`/builds/${long}/log#L50000`);
    await seen(page, 50_000);
    await page.hover('#lines');
    for (const [by, times, next] of [
      [700, 8, 1],
      [-700, 24, -1],
    ] as const) {
      let before = await topLine(page);
      for (let time = 0; time < times; time += 1) {
        await page.mouse.wheel(0, by);
        await until(page, `(${topLineText})() ${by > 0 ? '>' : '<'} ${before}`);
        await until(page, rowsCoverBox);
        const now = await topLine(page);
        expect((now - before) * next).toBeLessThan(60);
        before = now;
      }
    }
    expect(await numbersInOrder(page)).toBe(true);
  });

  it('keeps its links: one line, a range, and none that folds hide', async () => {
    const { page } = await open(`/builds/${long}/log#L77700-L77702`);
    await seen(page, 77_700);
    expect(await page.locator('.line.marked').count()).toBe(3);
    await page.click('#L77701 .no');
    expect(new URL(page.url()).hash).toBe('#L77701');
    await page.click('#L77704 .no', { modifiers: ['Shift'] });
    expect(page.url()).toMatch(/\?attempt=\d+#L77701-L77704$/);
    expect(await page.locator('.line.marked').count()).toBe(4);
    await page.click('text=Fold phases');
    await until(page, `!document.getElementById('L77701') && document.getElementById('L75001')`);
    expect(await page.getAttribute('#L75001 .fold', 'aria-expanded')).toBe('false');
    expect(await page.textContent('#L75001 .took')).toBe('1 min 2 s · 4999 lines');
    await page.evaluate(`location.hash = '#L12345'`);
    await seen(page, 12_345);
  });

  it('searches all lines, also those in folded phases, and tells n of m', async () => {
    const { page } = await open(`/builds/${long}/log#L1`);
    await seen(page, 1);
    await page.click('text=Fold phases');
    await page.keyboard.press('Control+f');
    await page.keyboard.type('NEEDLE in');
    await seen(page, 50_123);
    expect(await page.textContent('#log-where')).toBe('1 of 1');
    expect(await page.evaluate(`CSS.highlights.get('log-hit').size`)).toBe(1);
    await page.fill('#log-search input[type=search]', 'file-\\d+77\\.c');
    await page.check('#log-search input[name=regex]');
    await until(page, `/of 999$/.test(document.getElementById('log-where').textContent)`);
    const first = await page.textContent('#log-where');
    await page.keyboard.press('Escape');
    await page.click('#lines');
    await page.keyboard.press('n');
    await until(page, `document.getElementById('log-where').textContent !== '${first}'`);
    await page.keyboard.press('p');
    await until(page, `document.getElementById('log-where').textContent === '${first}'`);
    await page.screenshot({ path: join(shots, 'search.png') });
    await page.fill('#log-search input[type=search]', 'file-(');
    await until(page, `/no regular expr/.test(document.getElementById('log-where').textContent)`);
  });

  it('goes to the error with a key, and copies text without numbers', async () => {
    const { page, context } = await open(`/builds/${long}/log#L1`);
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await seen(page, 1);
    await page.waitForSelector('text=Next error');
    await page.keyboard.press('f');
    await seen(page, longLines);
    await page.evaluate(`(() => {
      const row = (n) => document.querySelector('#L' + n + ' .text');
      getSelection().setBaseAndExtent(row(99998), 0, row(99999), row(99999).childNodes.length);
    })()`);
    await page.keyboard.press('Control+c');
    const text = await page.evaluate(`navigator.clipboard.readText()`);
    expect(text).toMatch(/^\[99998\] CC {2}file-99998\.c.*\n\[99999\] CC {2}file-99999\.c/);
    expect(text).not.toContain('99998\n');
  });

  it('tells when lines came, and wraps as the reader likes', async () => {
    const { page } = await open(`/builds/${long}/log#L300`);
    await seen(page, 300);
    await page.selectOption('.log-tools select', 'since');
    await page.waitForSelector('#L300[data-time="00:00"]');
    await page.uncheck('text=Wrap');
    await page.waitForSelector('.lines:not(.wrapped)');
    await page.reload();
    await page.waitForSelector('.lines.windowed:not(.wrapped)');
    await page.waitForSelector('.line[data-time]');
  });
});

describe('a long log that nobody has read before', () => {
  it('shows lines at once, and phases and errors when they are known', async () => {
    const { page, faults } = await open(`/builds/${unread}/log#L77701`);
    await seen(page, 77_701);
    await page.waitForSelector('#log-known[data-known] summary:has-text("20 phases")');
    await page.waitForSelector('text=Next error');
    await seen(page, 77_701);
    await page.click('#log-known summary:has-text("an error")');
    await page.click('#log-known a[data-line]');
    await seen(page, longLines);
    expect(faults).toEqual([]);
  });

  it('says so where there are no scripts', async () => {
    const { page } = await open(`/builds/${untold}/log`, { scripts: false });
    expect(await page.textContent('#log-looking')).toContain('for the first time');
    expect(await page.locator('.line').last().getAttribute('id')).toBe(`L${longLines}`);
    await page.click('text=Lines before');
    expect(await page.locator('.line').first().getAttribute('id')).toBe('L98701');
  });
});

describe('the log of an evaluation', () => {
  it('is followed while it goes on', async () => {
    const { database, logs } = farm.parts;
    const under = await seedNextEvaluation(database, evaluation);
    const standing = 'update evaluations set status = $2, ended_at = $3 where id = $1';
    await database.execute(standing, [under, 'started', null]);
    const size = await logs.append(`evaluation-${under}`, 0, Buffer.from('one\nhalf'));
    const { page, faults } = await open(`/evaluations/${under}/log`);
    await seen(page, 2);
    await logs.append(`evaluation-${under}`, size, Buffer.from(' and half\nthree\n'));
    await seen(page, 3);
    expect(await page.locator('.line .text').allTextContents()).toEqual([
      'one',
      'half and half',
      'three',
    ]);
    await database.execute(standing, [under, 'succeeded', new Date()]);
    await until(page, `/has ended/.test(document.getElementById('log-said').textContent)`);
    expect(faults).toEqual([]);
  });
});

describe('a log without scripts', () => {
  it('has its end, pages of a thousand lines, phases, a search, and the raw text', async () => {
    const { page } = await open(`/builds/${long}/log`, { scripts: false });
    expect(await page.locator('.line').count()).toBe(300);
    await page.click('text=Lines before');
    expect(await page.locator('.line').first().getAttribute('id')).toBe('L98701');
    expect(await page.locator('.line').count()).toBe(1000);
    await page.click('summary:has-text("phases")');
    await page.click('.log-phases a:has-text("phase-11")');
    expect(new URL(page.url()).hash).toBe('#L50001');
    expect(await page.locator('#L50001').textContent()).toContain('starting phase');
    await page.fill('#log-search input[type=search]', 'needle in');
    await page.click('#log-search button');
    expect(await page.textContent('#log-found')).toContain('50123');
    await page.click('#log-found a');
    expect(await page.locator('#L50123').textContent()).toContain('a needle');
    await page.click('text=Raw');
    expect(await page.textContent('body')).toContain("starting phase `phase-1'");
  });
});

describe('a hostile log', () => {
  it('is shown as the text that it is, and runs nothing', async () => {
    const { page, faults } = await open(`/builds/${hostile}/log`);
    await seen(page, 12);
    const text = (line: number): Promise<string | null> => page.textContent(`#L${line} .text`);
    expect(await text(1)).toBe(
      '<script>document.title = "owned"</script><img src=x onerror=alert(1)>',
    );
    expect([await text(2), await page.locator('#L2 .text a').count()]).toEqual(['click me', 0]);
    expect(await page.getAttribute('#L3 .text a', 'href')).toBe('https://example.org/?a=1');
    expect(await page.getAttribute('#L3 .text a', 'rel')).toContain('noopener');
    expect(await text(4)).toBe('b\ufffd\ufffd\ufffd(\ufffd');
    expect(await text(5)).toBe('nulnul');
    expect([await text(6), await text(7), await text(8)]).toEqual([
      'one',
      '   overfar',
      '100% done',
    ]);
    expect((await text(9))!.length).toBeLessThan(5000);
    expect(await page.getAttribute('#L9 .more', 'href')).toMatch(/lines=9$/);
    expect(await text(11)).toBe('abc[U+202E]def');
    expect(await page.title()).not.toContain('owned');
    await page.screenshot({ path: join(shots, 'hostile.png') });
    expect(faults).toEqual([]);
  });
});

const topLineText = `() => {
  const edge = document.getElementById('lines').getBoundingClientRect().top;
  const rows = [...document.querySelectorAll('.line')];
  const row = rows.find((one) => one.getBoundingClientRect().bottom > edge + 4);
  return row ? Number(row.id.slice(1)) : 0;
}`;
const topLine = (page: Page): Promise<number> => page.evaluate(`(${topLineText})()`);

/** Rows reach from the top of the box to its bottom. */
const rowsCoverBox = `(() => {
  const box = document.getElementById('lines').getBoundingClientRect();
  const drawn = document.querySelector('.drawn').getBoundingClientRect();
  return drawn.top <= box.top + 2 && drawn.bottom >= box.bottom - 2;
})()`;

const numbersInOrder = (page: Page): Promise<boolean> =>
  page.evaluate(`[...document.querySelectorAll('.line')].every((row, at, rows) =>
    at === 0 || Number(row.id.slice(1)) === Number(rows[at - 1].id.slice(1)) + 1)`);
