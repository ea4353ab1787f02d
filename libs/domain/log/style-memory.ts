/**
 * How text looks behind the sequences `ESC [ … m` of a log. Those few that a log says a million
 * times are worked out once each, so that a log full of colours is indexed nearly as fast as one
 * without.
 */
import { latin } from './error-words.js';
import { printStyle, selected, type Style } from './style.js';

const openingBracket = 0x5b;
const letterM = 0x6d;
const longestSelection = 100;
/** Parameters of so many characters fit into a number, four bits each. */
const shortAtMost = 12;
/** A log with more looks than that begins anew to remember them. */
const looksAtMost = 4096;

export class StyleMemory {
  private readonly styles = new Map<string, Style>();
  private readonly next = new Map<Style, Map<number, Style>>();
  private known = 0;

  /** The style behind the escape at `at`; the same where it tells nothing of looks. */
  after(style: Style, bytes: Uint8Array, at: number): Style {
    if (bytes[at + 1] !== openingBracket) return style;
    const atMost = at + longestSelection;
    let name = 1;
    let end = at + 2;
    // Digits, `;` and `:` are the parameters of an SGR.
    for (; end < atMost; end += 1) {
      const byte = bytes[end];
      if (byte === undefined || byte === letterM) break;
      if (byte < 0x30 || byte > 0x3b) return style;
      name = name * 16 + (byte - 0x30);
    }
    if (bytes[end] !== letterM || end === atMost) return style;
    const isShort = end - at - 2 <= shortAtMost;
    const found = isShort ? this.next.get(style)?.get(name) : undefined;
    if (found) return found;
    const told = selected(style, latin(bytes.subarray(0, end), at + 2, longestSelection));
    return isShort ? this.remember(style, name, told) : told;
  }

  private remember(style: Style, name: number, told: Style): Style {
    if (this.known >= looksAtMost) {
      this.styles.clear();
      this.next.clear();
      this.known = 0;
    }
    this.known += 1;
    // One object for each look, since looks are found by it.
    const printed = printStyle(told);
    const one = this.styles.get(printed) ?? told;
    this.styles.set(printed, one);
    const from = this.next.get(style) ?? new Map<number, Style>();
    this.next.set(style, from.set(name, one));
    return one;
  }
}
