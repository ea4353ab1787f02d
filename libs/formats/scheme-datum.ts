/**
 * The datum of Scheme: a value that knows where it stood; one that was made here stands `nowhere`.
 * `'x` is the list `(quote x)`, as in Lisp, and `#~x` is `(gexp x)`, as in Guix.
 */

/** Both from 1; columns count characters, and a tab is one. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export const nowhere: Position = { line: 0, column: 0 };

interface Placed {
  readonly at: Position;
}

export type SchemeSymbol = Placed & { readonly kind: 'symbol'; readonly name: string };
/** `#:name`. */
export type SchemeKeyword = Placed & { readonly kind: 'keyword'; readonly name: string };
export type SchemeString = Placed & { readonly kind: 'string'; readonly value: string };
/** `text` is the number as written: exact where the value is not. */
export type SchemeNumber = Placed & {
  readonly kind: 'number';
  readonly value: number;
  readonly text: string;
};
export type SchemeBoolean = Placed & { readonly kind: 'boolean'; readonly value: boolean };
export type SchemeCharacter = Placed & { readonly kind: 'character'; readonly value: string };
/** With a `tail` it is improper: `(a . b)`. A tail is never a list. */
export type SchemeList = Placed & {
  readonly kind: 'list';
  readonly items: readonly Datum[];
  readonly tail?: Datum;
};
export type SchemeVector = Placed & { readonly kind: 'vector'; readonly items: readonly Datum[] };

export type Datum =
  | SchemeSymbol
  | SchemeKeyword
  | SchemeString
  | SchemeNumber
  | SchemeBoolean
  | SchemeCharacter
  | SchemeList
  | SchemeVector;

/** The signs that stand before a datum, and the symbol that heads the list that they make. */
export const prefixes = {
  "'": 'quote',
  '`': 'quasiquote',
  ',': 'unquote',
  ',@': 'unquote-splicing',
  '#~': 'gexp',
  '#$': 'ungexp',
  '#$@': 'ungexp-splicing',
  '#+': 'ungexp-native',
  '#+@': 'ungexp-native-splicing',
  "#'": 'syntax',
  '#`': 'quasisyntax',
  '#,': 'unsyntax',
  '#,@': 'unsyntax-splicing',
} as const;

export function symbol(name: string, at: Position = nowhere): SchemeSymbol {
  return { kind: 'symbol', name, at };
}

export function keyword(name: string, at: Position = nowhere): SchemeKeyword {
  return { kind: 'keyword', name, at };
}

export function string(value: string, at: Position = nowhere): SchemeString {
  return { kind: 'string', value, at };
}

/** Of an integer, unless the text says otherwise. */
export function number(value: number, at: Position = nowhere, text = String(value)): SchemeNumber {
  return { kind: 'number', value, text, at };
}

export function boolean(value: boolean, at: Position = nowhere): SchemeBoolean {
  return { kind: 'boolean', value, at };
}

export function list(items: readonly Datum[], at: Position = nowhere): SchemeList {
  return { kind: 'list', items, at };
}

/** `(HEAD ITEM…)`: a form or a call. */
export function form(head: string, ...items: readonly Datum[]): SchemeList {
  return list([symbol(head), ...items]);
}

export function quoted(datum: Datum): SchemeList {
  return form('quote', datum);
}

/** The name of the symbol that heads a proper list; null: the datum is none or another. */
export function headOf(datum: Datum): string | null {
  if (datum.kind !== 'list' || datum.tail !== undefined) return null;
  const head = datum.items[0];
  return head?.kind === 'symbol' ? head.name : null;
}
