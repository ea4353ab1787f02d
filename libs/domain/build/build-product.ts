/**
 * Files inside outputs that people download: which ones a specification wishes for, and where a
 * link on the way to one leads.
 */

/** One line of a specification's `buildOutputs`. */
export interface BuildOutput {
  /** A regular expression that fits somewhere in the names of the jobs meant. */
  readonly job: string;
  /** What it is, in the specification's own words: `iso`, `manual`. */
  readonly type: string;
  /** The name of the derivation's output. */
  readonly output: string;
  /** Inside the output; empty is the output itself. */
  readonly path: string;
}

const longestPattern = 256;
/** Escapes and quantifiers that mean the same to JavaScript and to Postgres. */
const escape = /\\(?:[^A-Za-z0-9\s]|[dwsDWS])/g;
const quantifier = /\{\d{1,2}(?:,\d{0,2})?\}/g;

/** What is wrong with a pattern of job names; null for one that can be used. */
export function patternFault(pattern: string): string | null {
  if (pattern.length === 0 || pattern.length > longestPattern) {
    return `a regular expression of 1 to ${longestPattern} characters`;
  }
  const plain = pattern.replaceAll(escape, '').replaceAll(quantifier, '');
  if (/\\|[{}\0]|\(\?/.test(plain)) {
    return 'a regular expression without look-around, back references and special escapes';
  }
  try {
    return RegExp(pattern) && null;
  } catch {
    return 'a regular expression that can be read';
  }
}

/** A path as its parts; `.` and empty ones are left out. */
export function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/**
 * Where one goes on when the part before `consumed` of `wanted` is a link to `target`. Null when it
 * leads out of the output, whose full path is `root`: another output's file is another product.
 */
export function followLink(
  wanted: readonly string[],
  consumed: number,
  link: { readonly target: string; readonly root: string },
): string[] | null {
  const { target, root } = link;
  const inside = target === root || target.startsWith(`${root}/`);
  if (target.startsWith('/') ? !inside : consumed === 0) return null;
  const led = inside ? [] : wanted.slice(0, consumed - 1);
  for (const part of partsOf(inside ? target.slice(root.length) : target)) {
    if (part !== '..') led.push(part);
    else if (led.pop() === undefined) return null;
  }
  return [...led, ...wanted.slice(consumed)];
}

/** What the file is called when it is kept: the output's own name goes without its hash. */
export function fileNameOf(path: string, storePath: string): string {
  return partsOf(path).at(-1) ?? storePath.replace(/^[^-]*-/, '');
}
