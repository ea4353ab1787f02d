/** The page of a log: its window, search, folds, marks, times, and what it does while it grows. */
import { onKey } from './keys.js';
import { LogFind } from './log-find.js';
import { LogFolds } from './log-folds.js';
import { askOn, followLog, type Growth, type Hearer } from './log-live.js';
import { LogMarks } from './log-marks.js';
import type { RowLooks } from './log-rows.js';
import { LogSource, type LogPhase } from './log-source.js';
import { LogTools } from './log-tools.js';
import { LogWindow } from './log-window.js';
import { fetchPage, renew } from './renew.js';

const sayMilliseconds = 10_000;

class LogPage {
  private readonly box: HTMLElement;
  private readonly source: LogSource;
  private readonly folds = new LogFolds();
  private readonly errors = new Set<number>();
  private readonly phases = new Map<number, LogPhase>();
  private readonly window: LogWindow;
  private readonly marks: LogMarks;
  private readonly find: LogFind | null;
  private readonly tools: LogTools;
  /** The line of the error that was shown last. */
  private error: number | null = null;
  private following = false;
  private height = 0;
  private fresh = 0;
  private unsaid = 0;

  constructor(box: HTMLElement) {
    this.box = box;
    this.source = new LogSource(box);
    const looks: RowLooks = {
      raw: (line) => this.source.address('', { lines: String(line) }),
      errors: this.errors,
      phases: this.phases,
      isFolded: (phase) => this.folds.isFolded(phase),
    };
    this.window = new LogWindow({ box, source: this.source, folds: this.folds, looks });
    this.marks = new LogMarks(box, this.window, this.source);
    const form = document.querySelector<HTMLFormElement>('#log-search');
    this.find = form && new LogFind(form, this.window, this.source);
    this.tools = new LogTools(box, {
      again: () => void this.window.again(),
      foldAll: (folded) => this.foldAll(folded),
      nextError: () => void this.nextError(),
      toEnd: () => void this.toEnd(),
      copyMarked: () => this.marks.text(),
      firstTime: async () => (await this.source.lines(1, 1))[0]?.at ?? null,
    });
    this.window.onDrawn = () => this.dress();
    this.window.onScroll = () => this.scrolled();
    this.window.onResize = () => {
      this.height = box.clientHeight;
      if (this.following) void this.toEnd();
      else this.window.look();
    };
    box.addEventListener('click', (event) => this.clicked(event));
  }

  async begin(): Promise<void> {
    this.takeForms();
    this.takeKeys();
    new ResizeObserver(() => this.stretch()).observe(document.body);
    this.stretch();
    for (const name of ['log-pages', 'log-found']) hide(document.getElementById(name));
    const from = Number(new URLSearchParams(location.search).get('from'));
    const named = await this.marks.follow();
    if (!named && from > 0) await this.window.show(from, 'top');
    else if (!named) await this.toEnd();
    await this.learn();
    this.follow();
  }

  private follow(): void {
    const { stream, grows } = this.box.dataset;
    const hearer: Hearer = {
      grown: (growth) => void this.grown(growth),
      ended: () => void this.ended(),
      begun: (attempt) => this.begun(attempt),
    };
    if (stream !== undefined) followLog(stream, hearer);
    else if (grows !== undefined) askOn(this.source, hearer);
    else return;
    setInterval(() => this.say(), sayMilliseconds);
  }

  /** The box reaches to the end of what is seen of the page. */
  private stretch(): void {
    const above = this.box.getBoundingClientRect().top + scrollY;
    const height = Math.max(innerHeight - above - 24, innerHeight * 0.7);
    if (Math.abs(this.box.offsetHeight - height) > 4) this.box.style.height = `${height}px`;
  }

  /** A log that nobody had read before is being read: then colours and phases are known. */
  private async learn(): Promise<void> {
    const isKnown = document.getElementById('log-known')?.dataset['known'] === 'yes';
    await this.readPhases();
    if (isKnown) return;
    // Rows that are drawn stay: whoever reads or scrolls is not disturbed.
    this.source.forget();
    const next = (await fetchPage())?.getElementById('log-known');
    const shown = document.getElementById('log-known');
    if (next && shown) renew(shown, next);
  }

  private async readPhases(): Promise<void> {
    const answer = await this.source.phases();
    if (!answer) return;
    this.phases.clear();
    for (const phase of answer.phases) this.phases.set(phase.from, phase);
    for (const line of answer.errors) this.errors.add(line);
    this.folds.setPhases(answer.phases);
    const { errors, phases, timed } = answer;
    this.tools.know({ errors: errors.length, phases: phases.length, timed });
    this.window.dressPhases();
  }

  private dress(): void {
    this.marks.dress();
    this.find?.dress();
    for (const row of this.window.rows()) this.tools.dressTime(row);
  }

  private scrolled(): void {
    // A box of another size is at the end again soon; that is no wish of the reader's.
    if (this.box.clientHeight !== this.height) return;
    this.following = this.window.isAtEnd();
    if (this.following) this.fresh = 0;
    this.tools.tellFresh(this.fresh);
  }

  private async toEnd(): Promise<void> {
    this.fresh = 0;
    this.tools.tellFresh(0);
    this.following = true;
    await this.window.show(Math.max(1, this.source.total), 'bottom');
    this.following = true;
  }

  private async nextError(): Promise<void> {
    const lines = [...this.errors].sort((a, b) => a - b);
    const failing = this.folds.phases.findLast(
      ({ outcome, to }) => outcome === 'failed' || to === null,
    );
    const current = this.error;
    const first = lines.find((line) => line >= (failing?.from ?? 1)) ?? lines[0];
    const next = current === null ? first : (lines.find((line) => line > current) ?? lines[0]);
    if (next === undefined) return;
    this.error = next;
    await this.window.show(next, 'middle');
    history.replaceState(null, '', `#L${next}`);
    await this.marks.follow();
  }

  private foldAll(folded: boolean): void {
    this.folds.foldAll(folded);
    void this.window.again();
  }

  private clicked(event: MouseEvent): void {
    const button = event.target instanceof Element ? event.target.closest('button.fold') : null;
    const phase = button && this.phases.get(Number(button.parentElement!.id.slice(1)));
    if (!phase) return;
    this.folds.fold(phase, !this.folds.isFolded(phase));
    void this.window.again();
  }

  private async grown({ total, lines, phases, errors }: Growth): Promise<void> {
    const before = this.source.total;
    if (total < before) return location.reload();
    this.source.grow(total, lines);
    const added = total - before;
    this.unsaid += added;
    if (!this.following) this.fresh += added;
    await this.window.grown(before, this.following);
    this.tools.tellFresh(this.fresh);
    if (phases !== this.phases.size || errors > this.errors.size) await this.readPhases();
  }

  private async ended(): Promise<void> {
    await this.readPhases();
    this.say('The log has ended.');
  }

  private begun(attempt: string): void {
    if (this.source.attempt !== attempt) location.reload();
  }

  /** Politely, and not for every line. */
  private say(last = ''): void {
    const said = document.getElementById('log-said');
    const more = this.unsaid > 0 ? `${this.unsaid} new lines.` : '';
    if (said && `${more}${last}` !== '') said.textContent = `${more} ${last}`.trim();
    this.unsaid = 0;
  }

  private takeForms(): void {
    const form = document.querySelector<HTMLFormElement>('#log-go');
    form?.addEventListener('submit', (event) => {
      event.preventDefault();
      const line = form.querySelector<HTMLInputElement>('input[name=from]')?.value;
      if (line) location.hash = `#L${line}`;
    });
    document.addEventListener('click', (event) => {
      const link = event.target instanceof Element ? event.target.closest('a[data-line]') : null;
      if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      const hash = `#L${link.dataset['line']}`;
      if (location.hash === hash) void this.marks.follow();
      else location.hash = hash;
    });
  }

  private takeKeys(): void {
    onKey('f', () => void this.nextError());
    onKey('n', () => void this.find?.step(1));
    onKey('p', () => void this.find?.step(-1));
    onKey('e', () => void this.toEnd());
    onKey('b', () => void this.window.show(1, 'top'));
    onKey('t', () => this.tools.toggleWrap());
  }
}

function hide(element: HTMLElement | null): void {
  if (element) element.hidden = true;
}

const box = document.getElementById('lines');
if (box) void new LogPage(box).begin();
