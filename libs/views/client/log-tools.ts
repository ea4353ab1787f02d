/** Buttons and switches that only a script can offer, and what the reader chose of them. */
import { dressTime, type TimeStyle } from './log-times.js';
import { remember, remembered } from './preferences.js';

export interface ToolActs {
  again(): void;
  foldAll(folded: boolean): void;
  nextError(): void;
  toEnd(): void;
  copyMarked(): Promise<string | null>;
  firstTime(): Promise<string | null>;
}

export interface Known {
  readonly errors: number;
  readonly phases: number;
  readonly timed: boolean;
}

export class LogTools {
  private readonly box: HTMLElement;
  private readonly acts: ToolActs;
  private readonly place = document.getElementById('log-buttons');
  private readonly wrap: HTMLInputElement;
  private readonly fresh: HTMLButtonElement;
  private times: TimeStyle = 'off';
  private begun = 0;

  constructor(box: HTMLElement, acts: ToolActs) {
    this.box = box;
    this.acts = acts;
    this.wrap = this.offerWrap();
    this.offer('End', () => acts.toEnd());
    this.offer('Copy marked lines', (button) => void this.copy(button));
    this.fresh = document.querySelector<HTMLButtonElement>('#log-fresh')!;
    this.fresh.addEventListener('click', () => acts.toEnd());
  }

  /** What there is decides what is offered, once. */
  know({ errors, phases, timed }: Known): void {
    if (errors > 0) this.offerOnce('Next error', () => this.acts.nextError());
    if (phases > 1) {
      this.offerOnce('Fold phases', () => this.acts.foldAll(true));
      this.offerOnce('Unfold', () => this.acts.foldAll(false));
    }
    if (timed) this.offerTimes();
  }

  tellFresh(lines: number): void {
    this.fresh.hidden = lines === 0;
    this.fresh.textContent = `${lines} new ${lines === 1 ? 'line' : 'lines'} ↓`;
  }

  dressTime(row: HTMLElement): void {
    if (this.times !== 'off' || row.dataset['time'] !== undefined) {
      dressTime(row, this.times, this.begun);
    }
  }

  toggleWrap(): void {
    this.wrap.checked = !this.wrap.checked;
    this.wrapped();
  }

  private offer(words: string, act: (button: HTMLButtonElement) => void): void {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = words;
    button.addEventListener('click', () => act(button));
    this.place?.append(button, ' ');
  }

  private offerOnce(words: string, act: () => void): void {
    const buttons = [...(this.place?.querySelectorAll('button') ?? [])];
    if (!buttons.some((button) => button.textContent === words)) this.offer(words, act);
  }

  private offerWrap(): HTMLInputElement {
    const field = document.createElement('input');
    field.type = 'checkbox';
    field.checked = remembered('log-wrap') !== 'off';
    const label = document.createElement('label');
    label.append(field, ' Wrap');
    this.place?.append(label, ' ');
    this.box.classList.toggle('wrapped', field.checked);
    field.addEventListener('change', () => this.wrapped());
    return field;
  }

  private wrapped(): void {
    remember('log-wrap', this.wrap.checked ? 'on' : 'off');
    this.box.classList.toggle('wrapped', this.wrap.checked);
    this.acts.again();
  }

  private offerTimes(): void {
    if (this.place?.querySelector('select')) return;
    const select = document.createElement('select');
    select.ariaLabel = 'Times at which lines came, to the second';
    for (const [value, words] of [
      ['off', 'No times'],
      ['since', 'Time since the start'],
      ['clock', 'Time of day'],
    ] as const) {
      select.append(new Option(words, value, false, remembered('log-times') === value));
    }
    select.addEventListener('change', () => void this.timed(select.value as TimeStyle));
    this.place?.append(select, ' ');
    if (select.value !== 'off') void this.timed(select.value as TimeStyle);
  }

  private async timed(style: TimeStyle): Promise<void> {
    remember('log-times', style);
    const first = style === 'since' && this.begun === 0 ? await this.acts.firstTime() : null;
    if (first !== null) this.begun = new Date(first).getTime();
    this.times = style;
    this.acts.again();
  }

  private async copy(button: HTMLButtonElement): Promise<void> {
    const text = await this.acts.copyMarked();
    const words = button.textContent;
    if (text !== null) await navigator.clipboard.writeText(text).catch(() => undefined);
    button.textContent = text === null ? 'No line is marked' : 'Copied';
    setTimeout(() => (button.textContent = words), 2000);
  }
}
