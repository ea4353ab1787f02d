/** Draws lines as rows, as libs/views/log-lines.tsx does: text nodes and known classes only. */
import type { LogLine, LogPhase, LogRun } from './log-source.js';

const known = /^(([fg]\d{1,3}|b|dim|i|u|s)( (?=.)|$))*$/;

export interface RowLooks {
  /** Address of a line of the raw log. */
  readonly raw: (line: number) => string;
  readonly errors: ReadonlySet<number>;
  readonly phases: ReadonlyMap<number, LogPhase>;
  readonly isFolded: (phase: LogPhase) => boolean;
}

export function drawRow(line: LogLine, looks: RowLooks): HTMLElement {
  const row = document.createElement('div');
  row.className = looks.errors.has(line.number) ? 'line error' : 'line';
  row.id = `L${line.number}`;
  if (line.at !== null) row.dataset['at'] = line.at;
  const number = document.createElement('a');
  number.className = 'no';
  number.href = `#L${line.number}`;
  number.tabIndex = -1;
  number.ariaLabel = `Line ${line.number}`;
  number.textContent = String(line.number);
  const text = document.createElement('span');
  text.className = 'text';
  for (const run of line.runs ?? []) text.append(drawRun(run));
  if (line.longBytes !== null) text.append(drawMore(line, looks.raw));
  row.append(number, text);
  const phase = looks.phases.get(line.number);
  if (phase) dressPhase(row, phase, looks);
  return row;
}

/** The line that begins a phase folds it, and says how long it took. */
export function dressPhase(row: HTMLElement, phase: LogPhase, { isFolded }: RowLooks): void {
  const folded = isFolded(phase);
  let button = row.querySelector('button');
  if (!button) {
    button = document.createElement('button');
    button.type = 'button';
    button.className = 'fold';
    row.querySelector('.no')!.after(button);
    const took = document.createElement('span');
    took.className = 'took';
    row.append(took);
  }
  button.textContent = folded ? '▸' : '▾';
  button.ariaExpanded = String(!folded);
  button.ariaLabel = `Phase ${phase.name}`;
  const hidden = folded && phase.to !== null ? ` · ${phase.to - phase.from} lines` : '';
  row.querySelector('.took')!.textContent = `${tookOf(phase)}${hidden}`;
}

export function rowNumber(row: Element): number {
  return Number(row.id.slice(1));
}

function tookOf({ seconds, outcome }: LogPhase): string {
  const word = outcome === 'failed' ? 'failed' : '';
  if (seconds === null) return word;
  const whole = Math.round(seconds);
  const time =
    whole < 60
      ? `${seconds < 10 ? Math.round(seconds * 10) / 10 : whole} s`
      : `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return word === '' ? time : `${word} after ${time}`;
}

function drawRun([text, classes, link]: LogRun): Node {
  const looks = known.test(classes) ? classes : '';
  if (link !== undefined && /^https?:\/\//i.test(link)) {
    const anchor = document.createElement('a');
    anchor.href = link;
    anchor.title = link;
    anchor.rel = 'noopener noreferrer nofollow ugc';
    if (looks !== '') anchor.className = looks;
    anchor.textContent = text;
    return anchor;
  }
  if (looks === '') return document.createTextNode(text);
  const element = document.createElement('span');
  element.className = looks;
  element.textContent = text;
  return element;
}

function drawMore({ number, longBytes }: LogLine, raw: RowLooks['raw']): HTMLElement {
  const more = document.createElement('a');
  more.className = 'more';
  more.href = raw(number);
  more.textContent = ` … the whole line, ${Math.round((longBytes ?? 0) / 1024)} KiB`;
  return more;
}
