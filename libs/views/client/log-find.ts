/**
 * The search over all of the log, which the farm answers: n of m, one after the other, also in
 * folded phases. Ctrl-F comes here on this page, since the browser sees the drawn rows alone;
 * pressed again, it is the browser's.
 */
import type { LogFound, LogSource } from './log-source.js';
import type { LogWindow } from './log-window.js';

const hitsAtOnce = 10_000;
const typingMilliseconds = 300;

export class LogFind {
  private readonly window: LogWindow;
  private readonly source: LogSource;
  private readonly form: HTMLFormElement;
  private readonly field: HTMLInputElement;
  private readonly where: HTMLElement;
  private lines: number[] = [];
  private total = 0;
  private next: string | null = null;
  private at = -1;
  private asked = '';
  private typing = 0;

  constructor(form: HTMLFormElement, window: LogWindow, source: LogSource) {
    this.form = form;
    this.window = window;
    this.source = source;
    this.field = form.querySelector('input[type=search]')!;
    this.where = document.getElementById('log-where')!;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.step(1);
    });
    form.addEventListener('input', () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => void this.ask(), typingMilliseconds);
    });
    this.field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || !event.shiftKey) return;
      event.preventDefault();
      void this.step(-1);
    });
    document.addEventListener('keydown', (event) => this.takeFind(event));
  }

  /** The next hit, or the one before; asks first when the words are new. */
  async step(by: 1 | -1): Promise<void> {
    clearTimeout(this.typing);
    if (this.words() !== this.asked) return this.ask();
    if (this.total === 0) return;
    if (this.at + by >= this.lines.length && this.next !== null) await this.more();
    this.at = (this.at + by + this.lines.length) % this.lines.length;
    await this.show();
  }

  /** Marks the hits in the rows that are drawn, and the row of the current one. */
  dress(): void {
    const line = this.lines[this.at];
    for (const row of this.window.rows()) {
      row.classList.toggle('hit', line !== undefined && row.id === `L${line}`);
    }
    if (!('highlights' in CSS)) return;
    CSS.highlights.delete('log-hit');
    const expression = this.expression();
    if (!expression || this.total === 0) return;
    const ranges = this.window.rows().flatMap((row) => rangesIn(row, expression));
    CSS.highlights.set('log-hit', new Highlight(...ranges.slice(0, 2000)));
  }

  private takeFind(event: KeyboardEvent): void {
    if (event.key !== 'f' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    if (document.activeElement === this.field) return;
    event.preventDefault();
    this.field.focus();
    this.field.select();
  }

  private async ask(): Promise<void> {
    const words = this.words();
    if (words === this.asked) return;
    this.asked = words;
    const answer = this.field.value === '' ? null : await this.fetch('0');
    if (words !== this.asked) return;
    const refused = typeof answer === 'string' ? answer : '';
    // Asked once more, the farm may answer.
    if (refused !== '') this.asked = '';
    this.take(typeof answer === 'string' ? null : answer);
    const top = this.window.topLine();
    while (this.next !== null && (this.lines.at(-1) ?? 0) < top) await this.more();
    this.at = Math.max(
      0,
      this.lines.findIndex((line) => line >= top),
    );
    if (answer === null || refused !== '') this.tell(refused);
    else await this.show();
  }

  private take(answer: LogFound | null): void {
    this.lines = [...(answer?.lines ?? [])];
    this.total = answer?.total ?? 0;
    this.next = answer?.next ?? null;
  }

  private async more(): Promise<void> {
    const answer = this.next === null ? null : await this.fetch(this.next);
    const more = typeof answer === 'string' ? null : answer;
    this.next = more?.next ?? null;
    this.lines.push(...(more?.lines ?? []));
  }

  private async show(): Promise<void> {
    const line = this.lines[this.at];
    if (line !== undefined) await this.window.show(line, 'middle');
    this.tell(this.total === 0 ? 'no match' : `${this.at + 1} of ${this.total}`);
    this.dress();
  }

  private tell(text: string): void {
    this.where.textContent = text;
    this.dress();
  }

  /** Or why there is no answer, in words. */
  private async fetch(cursor: string): Promise<LogFound | string> {
    const query = { q: this.field.value, ...this.switches(), limit: String(hitsAtOnce), cursor };
    const answer = await fetch(this.source.address('/search', query)).catch(() => null);
    const told = (await answer?.json().catch(() => null)) as LogFound | { detail?: string } | null;
    if (answer?.ok && told && 'lines' in told) return told;
    return (told && 'detail' in told && told.detail) || 'The farm does not answer: search again.';
  }

  private switches(): { regex: string; case: string } {
    const is = (name: string): string =>
      String(this.form.querySelector<HTMLInputElement>(`input[name=${name}]`)?.checked ?? false);
    return { regex: is('regex'), case: is('case') };
  }

  private words(): string {
    return JSON.stringify([this.field.value, this.switches()]);
  }

  /** The same expression that the farm has searched with. */
  private expression(): RegExp | null {
    const { regex, case: isCase } = this.switches();
    const words = this.field.value;
    const source = regex === 'true' ? words : words.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    try {
      return words === '' ? null : new RegExp(source, isCase === 'true' ? 'g' : 'gi');
    } catch {
      return null;
    }
  }
}

/** Where the expression matches in a row, across the pieces that its text is in. */
function rangesIn(row: HTMLElement, expression: RegExp): Range[] {
  const text = row.querySelector('.text');
  const whole = text?.textContent ?? '';
  // What has no end on the farm was refused there; here lines are short.
  const matches = [...whole.matchAll(expression)].filter(([words]) => words !== '').slice(0, 50);
  if (!text || matches.length === 0) return [];
  const pieces = piecesOf(text);
  return matches.map((match) => {
    const range = document.createRange();
    const [start, from] = placeOf(pieces, match.index);
    const [end, to] = placeOf(pieces, match.index + match[0].length);
    range.setStart(start, from);
    range.setEnd(end, to);
    return range;
  });
}

function piecesOf(element: Element): Text[] {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const pieces: Text[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) pieces.push(node as Text);
  return pieces;
}

function placeOf(pieces: readonly Text[], offset: number): [node: Text, offset: number] {
  let left = offset;
  for (const piece of pieces) {
    if (left <= piece.length) return [piece, left];
    left -= piece.length;
  }
  const last = pieces.at(-1)!;
  return [last, last.length];
}
