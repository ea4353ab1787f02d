/**
 * Reads terminal colours (SGR of ECMA-48) out of log text as spans of plain text with class names.
 * A small allow-list: sixteen colours, bold, dim, italic, underline. All other escape sequences are
 * dropped, a carriage return starts the line again as a terminal would, marks that turn the order
 * of letters around are told by their numbers, and nothing here is HTML: whoever draws a span makes
 * a text node of it.
 */
import { withTurnsTold } from '#domain/log/drawn-line.js';

export interface Span {
  readonly text: string;
  /** Space-separated, from the fixed set below; empty for plain text. */
  readonly classes: string;
}

interface Style {
  readonly foreground: string;
  readonly background: string;
  readonly marks: readonly string[];
}

const plain: Style = { foreground: '', background: '', marks: [] };
const marksOn: Readonly<Record<number, string>> = { 1: 'b', 2: 'dim', 3: 'i', 4: 'u' };
const marksOff: Readonly<Record<number, readonly string[]>> = {
  22: ['b', 'dim'],
  23: ['i'],
  24: ['u'],
};

/**
 * CSI and OSC sequences, other escapes, and control characters that a page has no use for. A
 * sequence that is cut off at the end of the text is not matched, and waits for the rest.
 */
const sequence = new RegExp(
  [
    String.raw`\x1b\[([0-?]*)[ -/]*([@-~])`,
    String.raw`\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)`,
    String.raw`\x1b[PX^_][^\x1b]*\x1b\\`,
    String.raw`\x1b[ -/]*[0-OQ-WYZ\\` + '`-~]',
    String.raw`[\0-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]`,
  ].join('|'),
  'g',
);
const unfinished = /\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]*\x1b?|[PX^_][^\x1b]*\x1b?|[ -/]*)?$/;
/** An unfinished sequence longer than this is not one. */
const unfinishedAtMost = 256;

/** Carries the style, and a sequence cut in two, from one piece of text to the next. */
export class AnsiReader {
  private style = plain;
  private held = '';

  read(piece: string): Span[] {
    const text = this.held + piece;
    const cut = unfinished.exec(text.slice(-unfinishedAtMost));
    const end = cut ? Math.max(0, text.length - unfinishedAtMost) + cut.index : text.length;
    this.held = text.slice(end);
    return this.spans(text.slice(0, end));
  }

  private spans(text: string): Span[] {
    const spans: Span[] = [];
    let from = 0;
    for (const match of text.matchAll(sequence)) {
      push(spans, text.slice(from, match.index), this.style);
      from = match.index + match[0].length;
      if (match[2] === 'm') this.style = applied(this.style, match[1] ?? '');
    }
    push(spans, text.slice(from), this.style);
    return spans;
  }
}

/** The spans of a whole text. An unfinished sequence at its end is dropped. */
export function ansiSpans(text: string): Span[] {
  return new AnsiReader().read(text);
}

/**
 * The text as a terminal leaves it: of a line that was drawn over with carriage returns, the last
 * drawing. Progress bars would fill the page otherwise.
 */
export function lastDrawings(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').split('\r').at(-1) ?? '')
    .join('\n');
}

function push(spans: Span[], raw: string, style: Style): void {
  const text = withTurnsTold(raw.replaceAll('\x1b', ''));
  if (text === '') return;
  const classes = [style.foreground, style.background, ...style.marks].filter(Boolean).join(' ');
  const last = spans.at(-1);
  if (last?.classes === classes) spans[spans.length - 1] = { text: last.text + text, classes };
  else spans.push({ text, classes });
}

function applied(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((code) => (code === '' ? 0 : Number(code)));
  let next = style;
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index]!;
    if (code === 38 || code === 48) {
      // 256 colours and true colour: their parameters are passed over, not drawn as others.
      index += codes[index + 1] === 5 ? 2 : 4;
      continue;
    }
    next = appliedOne(next, code);
  }
  return next;
}

function appliedOne(style: Style, code: number): Style {
  if (code === 0) return plain;
  const mark = marksOn[code];
  if (mark !== undefined) {
    return style.marks.includes(mark) ? style : { ...style, marks: [...style.marks, mark] };
  }
  const off = marksOff[code];
  if (off) return { ...style, marks: style.marks.filter((m) => !off.includes(m)) };
  if (code === 39) return { ...style, foreground: '' };
  if (code === 49) return { ...style, background: '' };
  if (code >= 30 && code <= 37) return { ...style, foreground: `f${code - 30}` };
  if (code >= 90 && code <= 97) return { ...style, foreground: `f${code - 82}` };
  if (code >= 40 && code <= 47) return { ...style, background: `g${code - 40}` };
  if (code >= 100 && code <= 107) return { ...style, background: `g${code - 92}` };
  return style;
}
