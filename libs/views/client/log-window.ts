/**
 * A window over all lines of a log: a few hundred rows, however many lines there are. Rows have
 * the heights that they have; the bar at the side shows a line's share of all lines, and is set
 * right whenever the reader rests, without anything that is seen moving.
 */
import type { LogFolds } from './log-folds.js';
import { dressPhase, drawRow, rowNumber, type RowLooks } from './log-rows.js';
import type { LogSource } from './log-source.js';

/** Browsers end at 17 or 33 million pixels. */
const tallestPixels = 6_000_000;
const rowPixels = 20;
const stepRows = 80;
/** Nodes of rows; the page must stay below 3,000 with all else. */
const nodesAtMost = 1900;
const restMilliseconds = 120;

export interface WindowParts {
  readonly box: HTMLElement;
  readonly source: LogSource;
  readonly folds: LogFolds;
  readonly looks: RowLooks;
}

export class LogWindow {
  /** After rows came or went. */
  onDrawn: () => void = () => undefined;
  onScroll: () => void = () => undefined;
  /** The box is another size now. */
  onResize: () => void = () => undefined;
  private readonly parts: WindowParts;
  private readonly sizer = document.createElement('div');
  private readonly drawn: HTMLElement;
  /** Places of the rows that are drawn: [first, end). */
  private first = 0;
  private end = 0;
  private top = 0;
  private tall = 0;
  private busy: Promise<void> = Promise.resolve();
  private wanted = 0;
  private rest = 0;
  private extending = false;

  constructor(parts: WindowParts) {
    this.parts = parts;
    const { box, folds } = parts;
    this.drawn = box.querySelector<HTMLElement>('.drawn')!;
    box.append(this.sizer);
    box.classList.add('windowed');
    const rows = this.rows();
    this.first = rows[0] ? folds.placeOf(rowNumber(rows[0])) : 0;
    this.end = this.first + rows.length;
    this.resize();
    this.trim('below');
    this.settle(this.first);
    box.addEventListener('scroll', () => this.scrolled());
    new ResizeObserver(() => this.onResize()).observe(box);
  }

  rows(): readonly HTMLElement[] {
    return [...this.drawn.children] as HTMLElement[];
  }

  row(line: number): HTMLElement | null {
    return this.drawn.querySelector<HTMLElement>(`#L${line}`);
  }

  /** The number of the first line that is seen whole, or nearly. */
  topLine(): number {
    const { box } = this.parts;
    const edge = box.getBoundingClientRect().top;
    const row = this.rows().find((one) => one.getBoundingClientRect().bottom > edge + 4);
    return row ? rowNumber(row) : 1;
  }

  isAtEnd(): boolean {
    const { box, folds, source } = this.parts;
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    return this.end >= folds.places(source.total) && (below < 40 || this.bottomGap() < 40);
  }

  /** Shows a line: at the top, in the middle or at the bottom of the box. */
  async show(line: number, at: 'top' | 'middle' | 'bottom'): Promise<void> {
    const { folds, source, box } = this.parts;
    folds.reveal(line);
    const last = Math.max(0, folds.places(source.total) - 1);
    const place = Math.min(last, folds.placeOf(Math.min(line, Math.max(1, source.total))));
    if (!this.row(line) || place < this.first || place >= this.end) {
      const around = Math.ceil(box.clientHeight / rowPixels) + 10;
      await this.redraw(place - around, place + around);
    }
    const row = this.row(folds.lineAt(place));
    if (!row) return;
    const free = box.clientHeight - row.offsetHeight;
    const above = at === 'top' ? 0 : at === 'middle' ? Math.max(0, free / 3) : free;
    this.scrollTo(this.top + row.offsetTop - above);
    await this.fill();
    this.settleSoon();
  }

  /** Draws what is missing. */
  look(): void {
    this.scrolled();
  }

  /** Folds have changed, or looks: the same lines are drawn again. */
  async again(): Promise<void> {
    const { box, folds } = this.parts;
    const line = this.topLine();
    const row = this.row(line);
    const offset = row ? this.top + row.offsetTop - box.scrollTop : 0;
    const place = folds.placeOf(line);
    const around = Math.ceil(box.clientHeight / rowPixels) + 10;
    await this.redraw(place - 10, place + around);
    const kept = this.row(folds.lineAt(place));
    if (kept) this.scrollTo(this.top + kept.offsetTop - offset);
    await this.fill();
    this.settleSoon();
  }

  /** Phases became known or have changed. */
  dressPhases(): void {
    for (const row of this.rows()) {
      const phase = this.parts.looks.phases.get(rowNumber(row));
      if (phase) dressPhase(row, phase, this.parts.looks);
      row.classList.toggle('error', this.parts.looks.errors.has(rowNumber(row)));
    }
    this.onDrawn();
  }

  /** The log has grown; its last line may be another. */
  async grown(before: number, follow: boolean): Promise<void> {
    const { folds, source } = this.parts;
    this.resize();
    const stale = this.row(before);
    if (stale) {
      stale.remove();
      this.end -= 1;
    }
    if (follow) await this.show(source.total, 'bottom');
    else if (this.end < folds.places(source.total)) await this.fill();
  }

  private scrolled(): void {
    this.onScroll();
    const { box, folds, source } = this.parts;
    const seen = box.scrollTop;
    if (this.isNear()) void this.fill();
    else {
      const places = folds.places(source.total);
      const share = seen / Math.max(1, this.tall - box.clientHeight);
      this.jumpSoon(Math.round(share * Math.max(0, places - box.clientHeight / rowPixels)));
    }
    this.settleSoon();
  }

  /** Some of the rows are seen. */
  private isNear(): boolean {
    const { scrollTop, clientHeight } = this.parts.box;
    return scrollTop + clientHeight > this.top && scrollTop < this.top + this.drawn.offsetHeight;
  }

  private jumpSoon(place: number): void {
    this.wanted = place;
    this.busy = this.busy.then(async () => {
      if (this.wanted !== place) return;
      const { box, folds, source } = this.parts;
      // Whoever drags the bar to its end wants the last line, however tall the last ones are.
      const isEnd = box.scrollTop >= this.tall - box.clientHeight - 2;
      if (isEnd) return this.show(folds.lineAt(folds.places(source.total) - 1), 'bottom');
      const around = Math.ceil(box.clientHeight / rowPixels) + 20;
      await this.redraw(place - 20, place + around);
      const row = this.row(this.parts.folds.lineAt(place));
      if (row && this.wanted === place) this.moveRows(box.scrollTop - row.offsetTop);
      this.settleSoon();
    });
  }

  /** Draws rows above and below until the box is full and a little more. */
  private async fill(): Promise<void> {
    if (this.extending) return;
    this.extending = true;
    try {
      for (let step = 0; step < 12; step += 1) {
        const { box, folds, source } = this.parts;
        const margin = box.clientHeight;
        if (this.bottomGap() < margin && this.end < folds.places(source.total)) {
          if (!(await this.extendBelow())) return;
        } else if (box.scrollTop - this.top < margin && this.first > 0) {
          if (!(await this.extendAbove())) return;
        } else return;
      }
    } finally {
      this.extending = false;
    }
  }

  private bottomGap(): number {
    const { box } = this.parts;
    return this.top + this.drawn.offsetHeight - (box.scrollTop + box.clientHeight);
  }

  private async extendBelow(): Promise<boolean> {
    const { folds, source } = this.parts;
    const at = this.end;
    const rows = await this.make(at, Math.min(folds.places(source.total), at + stepRows));
    if (rows.length === 0 || this.end !== at) return false;
    this.drawn.append(...rows);
    this.end += rows.length;
    this.trim('above');
    this.onDrawn();
    return true;
  }

  private async extendAbove(): Promise<boolean> {
    const at = this.first;
    const rows = await this.make(Math.max(0, at - stepRows), at);
    if (rows.length === 0 || this.first !== at) return false;
    const before = this.drawn.offsetHeight;
    this.drawn.prepend(...rows);
    this.first -= rows.length;
    this.moveRows(this.top - (this.drawn.offsetHeight - before));
    this.trim('below');
    this.onDrawn();
    return true;
  }

  private async redraw(from: number, to: number): Promise<void> {
    const { folds, source } = this.parts;
    const first = Math.max(0, from);
    const end = Math.min(folds.places(source.total), Math.max(to, first + 1));
    const rows = await this.make(first, end);
    this.drawn.replaceChildren(...rows);
    this.first = first;
    this.end = first + rows.length;
    this.resize();
    this.moveRows(this.idealTop(first));
    this.onDrawn();
  }

  /** Rows of the places [from, to), as far as their lines can be had. */
  private async make(from: number, to: number): Promise<HTMLElement[]> {
    const { folds, source, looks } = this.parts;
    const wanted: number[] = [];
    for (let place = from; place < to; place += 1) wanted.push(folds.lineAt(place));
    const rows: HTMLElement[] = [];
    for (let at = 0; at < wanted.length;) {
      let last = at;
      while (wanted[last + 1] === wanted[last]! + 1) last += 1;
      const lines = await source.lines(wanted[at]!, wanted[last]!);
      rows.push(...lines.map((line) => drawRow(line, looks)));
      if (lines.length <= last - at) return rows;
      at = last + 1;
    }
    return rows;
  }

  /** Takes away rows that are far off, but none that the reader is selecting. */
  private trim(side: 'above' | 'below'): void {
    const { box } = this.parts;
    let nodes = 0;
    const rows = this.rows();
    for (const row of rows) nodes += nodesOf(row);
    const chosen = selectionWithin(this.drawn);
    const away = side === 'above' ? rows : rows.toReversed();
    for (const row of away) {
      if (nodes <= nodesAtMost || (chosen && nodes <= nodesAtMost + 700)) return;
      const above = box.scrollTop - (this.top + row.offsetTop + row.offsetHeight);
      const below = this.top + row.offsetTop - (box.scrollTop + box.clientHeight);
      if (Math.max(above, below) < 100) return;
      nodes -= nodesOf(row);
      const height = row.offsetHeight;
      row.remove();
      if (side === 'above') {
        this.first += 1;
        this.moveRows(this.top + height);
      } else this.end -= 1;
    }
  }

  private resize(): void {
    const { folds, source } = this.parts;
    this.tall = Math.min(tallestPixels, Math.max(1, folds.places(source.total)) * rowPixels);
    const whole = this.first === 0 && this.end >= folds.places(source.total);
    if (whole) this.tall = this.drawn.offsetHeight;
    this.sizer.style.height = `${this.tall}px`;
  }

  private idealTop(place: number): number {
    const places = Math.max(1, this.parts.folds.places(this.parts.source.total));
    return (place / places) * this.tall;
  }

  private moveRows(top: number): void {
    this.top = top;
    this.drawn.style.transform = `translateY(${top}px)`;
  }

  private scrollTo(top: number): void {
    const { box } = this.parts;
    if (top < 0 || top > this.tall - box.clientHeight) this.settle(null, top);
    else box.scrollTop = top;
  }

  private settleSoon(): void {
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      // Whoever is far off is on the way to other rows.
      if (this.isNear()) this.settle(null);
      else this.scrolled();
    }, restMilliseconds);
  }

  /** Puts rows and bar where they belong, by the same distance, so that nothing is seen to move. */
  private settle(place: number | null, scroll = this.parts.box.scrollTop): void {
    const { box, folds, source } = this.parts;
    if (this.first === 0 || this.end >= folds.places(source.total)) this.resize();
    const row = place === null ? this.row(this.topLine()) : null;
    const seen = row ? folds.placeOf(rowNumber(row)) : (place ?? this.first);
    let top = this.idealTop(seen) - (row?.offsetTop ?? 0);
    const height = this.drawn.offsetHeight;
    if (this.first === 0) top = 0;
    else if (this.end >= folds.places(source.total)) top = Math.max(0, this.tall - height);
    else top = Math.max(1, Math.min(top, this.tall - height - 1));
    const by = top - this.top;
    if (Math.abs(by) < 1 && scroll === box.scrollTop) return;
    this.moveRows(top);
    box.scrollTop = scroll + by;
  }
}

function nodesOf(row: HTMLElement): number {
  const text = row.querySelector('.text');
  return 4 + 2 * (text?.childNodes.length ?? 0) + (row.querySelector('button') ? 4 : 0);
}

function selectionWithin(element: Element): boolean {
  const chosen = getSelection();
  return chosen !== null && !chosen.isCollapsed && chosen.containsNode(element, true);
}
