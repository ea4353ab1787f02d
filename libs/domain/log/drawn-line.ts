/**
 * One line of a log as a terminal leaves it: carriage returns, backspaces and cursor columns write
 * over what is there, erasures take it away, all other sequences and control characters are dropped
 * (ECMA-48, and the links of OSC 8). Movements to other lines are dropped too: a log keeps its
 * order. What comes out is text and what the pen says of it; nothing here is HTML.
 *
 * It imports nothing, since the thread that searches logs reads this file alone.
 */

export interface Pen<Style> {
  /** What is written next looks like this. */
  readonly style: Style;
  /** Parameters of a `CSI … m`. */
  select(parameters: string): void;
  /** Where the text that follows leads; empty where a link ends. */
  link(address: string): void;
}

export interface Run<Style> {
  readonly text: string;
  readonly style: Style;
}

/** A drawing over and over has a width; what stands beyond it is dropped. */
export const columnsAtMost = 8192;

/**
 * Characters that turn the direction of writing, as the brackets of a character class have them: a
 * text that has them reads as another one (`exe.txt` for U+202E and `txt.exe`).
 */
export const turningMarks = String.raw`\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069`;
const controls = String.raw`\0-\x08\x0a-\x1f\x7f-\x9f`;
const sequence = new RegExp(
  [
    // CSI, OSC, the other strings, and escapes of two or three characters.
    String.raw`\x1b\[([0-?]*)[ -/]*([@-~])`,
    String.raw`\x1b\]([^\x07\x1b]*)(?:\x07|\x1b\\|$)`,
    String.raw`\x1b[PX^_][^\x1b]*(?:\x1b\\|$)`,
    String.raw`\x1b[ -/]*[0-OQ-WYZ\\` + '`-~]',
    `[${controls}]`,
    `[${turningMarks}]`,
  ].join('|'),
  'g',
);
const turns = new RegExp(`[${turningMarks}]`, 'g');
const special = new RegExp(`[${controls}${turningMarks}]`);

/** `raw` is one line without its line feed. The pen goes on from line to line. */
export function drawLine<Style>(raw: string, pen: Pen<Style>): Run<Style>[] {
  const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
  if (!special.test(line)) return line === '' ? [] : [{ text: line, style: pen.style }];
  const paper = new Paper<Style>();
  let from = 0;
  for (const match of line.matchAll(sequence)) {
    paper.write(line.slice(from, match.index), pen.style);
    from = match.index + match[0].length;
    obey(match, pen, paper);
  }
  paper.write(line.slice(from), pen.style);
  return paper.runs();
}

/** The same without its looks. */
export function drawnText(raw: string): string {
  if (!special.test(raw)) return raw;
  return drawLine(raw, plainPen)
    .map(({ text }) => text)
    .join('');
}

/** `U+202E`, of a character of the basic plane. */
export function numberOfCharacter(character: string): string {
  return `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Marks that turn the order of letters around are told by their numbers, and not obeyed. */
export function withTurnsTold(text: string): string {
  return text.replaceAll(turns, (mark) => `[${numberOfCharacter(mark)}]`);
}

const plainPen: Pen<null> = { style: null, select: () => undefined, link: () => undefined };

function obey<Style>(match: RegExpExecArray, pen: Pen<Style>, paper: Paper<Style>): void {
  const [whole, parameters = '', final, command] = match;
  if (final === 'm') pen.select(parameters);
  else if (final !== undefined) paper.move(final, parameters);
  else if (command?.startsWith('8;')) pen.link(command.slice(command.indexOf(';', 2) + 1));
  else if (whole === '\r') paper.move('G', '1');
  else if (whole === '\b') paper.move('D', '1');
  else if (whole >= '\u0600') paper.write(withTurnsTold(whole), pen.style);
}

/** What is written on. As long as nothing is written over, it is a list of runs. */
class Paper<Style> {
  private written: Run<Style>[] = [];
  private cells: { text: string; style: Style }[] | null = null;
  private column = 0;

  write(text: string, style: Style): void {
    if (text === '') return;
    if (this.cells === null) append(this.written, text, style);
    else this.writeOver(text, style);
  }

  move(final: string, parameters: string): void {
    if (!movements.has(final)) return;
    const told = /^\d{1,5}$/.exec(parameters)?.[0];
    const by = Math.max(1, Number(told ?? 1));
    const cells = this.asCells();
    if (final === 'K' || final === 'J') this.erase(Number(told ?? 0));
    else if (final === 'P') cells.splice(this.column, by);
    else if (final === 'X') this.blank(this.column, this.column + by);
    else if (final === 'C') this.column = Math.min(columnsAtMost, this.column + by);
    else if (final === 'D') this.column = Math.max(0, this.column - by);
    else this.column = Math.min(columnsAtMost, by - 1);
  }

  runs(): Run<Style>[] {
    if (this.cells === null) return this.written;
    const runs: Run<Style>[] = [];
    for (const { text, style } of this.cells) append(runs, text, style);
    return runs;
  }

  private asCells(): { text: string; style: Style }[] {
    if (this.cells !== null) return this.cells;
    this.cells = [];
    for (const { text, style } of this.written) this.writeOver(text, style);
    return this.cells;
  }

  private writeOver(text: string, style: Style): void {
    const cells = this.cells!;
    for (const character of text) {
      if (this.column >= columnsAtMost) return;
      while (cells.length < this.column) cells.push({ text: ' ', style });
      cells[this.column] = { text: character, style };
      this.column += 1;
    }
  }

  /** To the end of the line (0), to its beginning (1), or all of it (2). */
  private erase(what: number): void {
    if (what === 0) this.cells!.length = Math.min(this.cells!.length, this.column);
    else if (what === 1) this.blank(0, this.column + 1);
    else this.cells!.length = 0;
  }

  private blank(from: number, to: number): void {
    for (let at = from; at < Math.min(to, this.cells!.length); at += 1) this.cells![at]!.text = ' ';
  }
}

const movements = new Set(['C', 'D', 'G', '`', 'J', 'K', 'P', 'X']);

function append<Style>(runs: Run<Style>[], text: string, style: Style): void {
  const last = runs.at(-1);
  if (last?.style === style) runs[runs.length - 1] = { text: last.text + text, style };
  else runs.push({ text, style });
}
