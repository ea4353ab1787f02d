/**
 * Chromium as the specs here drive it: one browser, a fresh context for each visit, and everything
 * that a page must never do kept for the spec to look at.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const program = process.env['GAMBESON_CHROMIUM'] ?? '/usr/bin/chromium';

export type Theme = 'light' | 'dark';

export interface Look {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  /** False: as a reader without scripts has it. */
  readonly scripts?: boolean;
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts and of the console: a refused inline script is one. */
  readonly faults: string[];
  close(): Promise<void>;
}

export async function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
    ],
  });
}

export async function visit(browser: Browser, look: Look = {}): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: look.width ?? 1280, height: look.height ?? 900 },
    colorScheme: look.theme ?? 'light',
    javaScriptEnabled: look.scripts ?? true,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`);
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    // A stream ends with its page.
    if (!why.includes('ERR_ABORTED')) faults.push(`request: ${request.url()} ${why}`);
  });
  return { page, context, faults, close: () => context.close() };
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly target: readonly unknown[]; failureSummary?: string }[];
  }[];
}

const everything = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** All that depends on the theme. */
const colours = ['color-contrast', 'link-in-text-block'];

/**
 * What axe-core finds against WCAG 2.2 AA on the page as it is now: a line for each element. With
 * `only` set to colours, the rest was looked at in the other theme.
 */
export async function accessibilityFaults(page: Page, only?: 'colours'): Promise<string[]> {
  const loaded = await page.evaluate(() => 'axe' in globalThis);
  if (!loaded) await page.evaluate(axe);
  const runOnly = only ? { type: 'rule', values: colours } : { type: 'tag', values: everything };
  const found = (await page.evaluate(
    `axe.run(document, ${JSON.stringify({ runOnly, resultTypes: ['violations'] })})`,
  )) as AxeResult;
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id} ${node.target.join(' ')}: ${node.failureSummary ?? ''}`),
  );
}

/** By how many pixels the page is wider than its window; tables scroll in boxes of their own. */
export async function sidewaysPixels(page: Page): Promise<number> {
  return page.evaluate(
    `document.documentElement.scrollWidth - document.documentElement.clientWidth`,
  ) as Promise<number>;
}
