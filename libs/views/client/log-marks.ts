/**
 * Lines named in the address: `#L120`, or `#L120-L135`. A click on a number names its line, a click
 * with Shift all up to it; what is named is shown, whatever is folded, and can be copied at once.
 */
import { rowNumber } from './log-rows.js';
import type { LogSource } from './log-source.js';
import type { LogWindow } from './log-window.js';

interface Range {
  readonly from: number;
  readonly to: number;
}

export class LogMarks {
  private range: Range | null = null;
  private readonly window: LogWindow;
  private readonly source: LogSource;

  constructor(box: HTMLElement, window: LogWindow, source: LogSource) {
    this.window = window;
    this.source = source;
    box.addEventListener('click', (event) => this.clicked(event));
    box.addEventListener('copy', (event) => this.copied(event));
    addEventListener('hashchange', () => void this.follow());
  }

  /** Shows what the address names; false when it names nothing. */
  async follow(): Promise<boolean> {
    const range = rangeOf(location.hash);
    if (!range || range.from > this.source.total) return false;
    this.range = range;
    await this.window.show(range.from, 'middle');
    this.dress();
    return true;
  }

  dress(): void {
    for (const row of this.window.rows()) {
      const number = rowNumber(row);
      const { from, to } = this.range ?? { from: 1, to: 0 };
      row.classList.toggle('marked', number >= from && number <= to);
    }
  }

  /** The raw text of what is marked, or null. */
  async text(): Promise<string | null> {
    if (!this.range) return null;
    const { from, to } = this.range;
    const answer = await fetch(this.source.address('', { lines: `${from}-${to}` }));
    return answer.ok ? answer.text() : null;
  }

  private clicked(event: MouseEvent): void {
    const number = event.target instanceof Element ? event.target.closest('.no') : null;
    if (!number || event.ctrlKey || event.metaKey || event.button !== 0) return;
    event.preventDefault();
    const line = rowNumber(number.parentElement!);
    const start = event.shiftKey && this.range ? this.range.from : line;
    this.range = { from: Math.min(start, line), to: Math.max(start, line) };
    const { from, to } = this.range;
    const query = this.source.attempt === null ? '' : `?attempt=${this.source.attempt}`;
    const hash = from === to ? `#L${from}` : `#L${from}-L${to}`;
    history.replaceState(null, '', `${location.pathname}${query}${hash}`);
    this.dress();
  }

  /** Text without numbers, one line for each row. */
  private copied(event: ClipboardEvent): void {
    const chosen = getSelection();
    if (!chosen || chosen.isCollapsed || !event.clipboardData) return;
    const lines: string[] = [];
    for (const row of this.window.rows()) {
      const text = row.querySelector('.text');
      if (text && chosen.containsNode(text, true)) lines.push(chosenText(chosen, text));
    }
    if (lines.length === 0) return;
    event.clipboardData.setData('text/plain', lines.join('\n'));
    event.preventDefault();
  }
}

function chosenText(chosen: Selection, text: Element): string {
  const range = document.createRange();
  range.selectNodeContents(text);
  const whole = chosen.getRangeAt(0);
  if (whole.compareBoundaryPoints(startToStart, range) > 0) {
    range.setStart(whole.startContainer, whole.startOffset);
  }
  if (whole.compareBoundaryPoints(endToEnd, range) < 0) {
    range.setEnd(whole.endContainer, whole.endOffset);
  }
  return range.toString();
}

const startToStart = 0;
const endToEnd = 2;

function rangeOf(hash: string): Range | null {
  const match = /^#L(\d{1,12})(?:-L?(\d{1,12}))?$/.exec(hash);
  if (!match) return null;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  if (from < 1 || to < 1) return null;
  return { from: Math.min(from, to), to: Math.max(from, to) };
}
