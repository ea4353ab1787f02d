/**
 * Which lines of a log tell an error, by the words that compilers, make, test runners, Guile and
 * Python use. They are found while the bytes go by: a colon, a star or the beginning of a line is
 * where to look, so that a log of 100 MB costs a tenth of a second.
 */
const colon = 0x3a;
const star = 0x2a;

/** Bytes at which `tellsError` is worth asking. */
export function isErrorHint(byte: number): boolean {
  return byte === colon || byte === star;
}

/** Whether the bytes around this one tell an error. */
export function tellsError(bytes: Uint8Array, at: number, lineStart: number): boolean {
  if (bytes[at] === star) return makeStopped(bytes, at);
  const before = (word: string): boolean => at - word.length >= lineStart && ends(bytes, at, word);
  if (before('rror') || before('RROR')) {
    // `error:`, `Error:`, `SyntaxError:`, `ERROR:`; not `stderror:`.
    const e = bytes[at - 5];
    return e === 0x65 ? !isWithinWord(bytes, at - 6) : e === 0x45;
  }
  if (before('FAIL') || before('FAILED') || before('FATAL') || before('Backtrace')) return true;
  if (before('fatal')) return !isWithinWord(bytes, at - 6);
  if (bytes[at - 1] === 0x5d) return isRustError(bytes, at, lineStart);
  return startsWith(bytes, at + 1, ' undefined reference to');
}

const beginnings: readonly (readonly [word: string, rest: RegExp])[] = [
  ['FAILED ', /^/],
  ['FAIL ', /^/],
  ['not ok ', /^/],
  ['Traceback (most recent call last)', /^/],
  ['panic: ', /^/],
  ['thread ', /^'.{1,80}' panicked at/],
  ['phase ', /^[`']\S{1,100}' failed/],
  ['error ', /^[A-Z]{1,6}\d{1,6}/],
];
const restAtMost = 200;

/** Whether the line that begins here tells an error by its first words. */
export function beginsError(bytes: Uint8Array, start: number): boolean {
  return beginnings.some(
    ([word, rest]) =>
      startsWith(bytes, start, word) && rest.test(latin(bytes, start + word.length, restAtMost)),
  );
}

/** First bytes of the beginnings. */
export const errorInitials: readonly number[] = beginnings.map(([word]) => word.charCodeAt(0));

/** At most so many bytes of a line as text, one character each. */
export function latin(bytes: Uint8Array, start: number, atMost: number): string {
  let text = '';
  for (let at = start; at < Math.min(bytes.length, start + atMost); at += 1) {
    const byte = bytes[at]!;
    if (byte === 0x0a) break;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** `make: *** [Makefile:3: all] Error 1`, `*** No rule`. */
function makeStopped(bytes: Uint8Array, at: number): boolean {
  return (
    startsWith(bytes, at, '*** [') ||
    startsWith(bytes, at, '*** No rule') ||
    startsWith(bytes, at, '*** missing separator')
  );
}

/** `error[E0425]:` */
function isRustError(bytes: Uint8Array, at: number, lineStart: number): boolean {
  for (let back = at - 2; back >= Math.max(lineStart, at - 8); back -= 1) {
    if (bytes[back] === 0x5b) return back - 5 >= lineStart && ends(bytes, back, 'error');
  }
  return false;
}

/** A letter, but for the one that ends a colour: `ESC [ 1 m` and `ESC [ K`. */
function isWithinWord(bytes: Uint8Array, at: number): boolean {
  const before = bytes[at - 1] ?? 0;
  const isFinal = bytes[at] === 0x6d || bytes[at] === 0x4b;
  const endsColour = isFinal && (before === 0x5b || (before >= 0x30 && before <= 0x39));
  return isLetter(bytes[at]) && !endsColour;
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && (byte | 32) >= 0x61 && (byte | 32) <= 0x7a;
}

function ends(bytes: Uint8Array, at: number, word: string): boolean {
  return startsWith(bytes, at - word.length, word);
}

export function startsWith(bytes: Uint8Array, at: number, word: string): boolean {
  for (let index = 0; index < word.length; index += 1) {
    if (bytes[at + index] !== word.charCodeAt(index)) return false;
  }
  return true;
}
