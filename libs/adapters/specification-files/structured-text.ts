/** JSON and YAML: one document of the REST API, a list of them, or several YAML documents. */
import { isMap, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from 'yaml';
import type { Position } from '#formats/scheme.js';

export interface PlacedDocument {
  readonly document: unknown;
  readonly placeOf: (pointer: string) => Position;
  /** False: something in it was faulty, told, and left out. */
  readonly whole: boolean;
}

export interface Documents {
  readonly documents: readonly PlacedDocument[];
  readonly faults: readonly { readonly at: Position; readonly message: string }[];
}

const start: Position = { line: 1, column: 1 };
const longest = 1 << 20;
const deepest = 100;
const mostAnchors = 1000;

export function readDocuments(text: string, strict: boolean): Documents {
  if (text.length > longest) {
    return faulty(start, `the text is longer than ${longest} characters: split it`);
  }
  if (isTangled(text)) return faulty(start, 'it is nested too deep, or has too many anchors');
  const unreadable = strict ? jsonFault(text) : null;
  if (unreadable) return { documents: [], faults: [unreadable] };
  const lines = new LineCounter();
  const place = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  // JSON may be indented by tabs, which YAML refuses; it was read before.
  const parsed = parseAllDocuments(strict ? text.replaceAll('\t', ' ') : text, {
    lineCounter: lines,
  });
  const all = Array.isArray(parsed) ? parsed : [];
  // What follows the first error of a document follows from it.
  const faults = all.flatMap(({ errors }) =>
    errors
      .slice(0, 1)
      .map((error) => ({ at: place(error.pos[0]), message: firstLine(error.message) })),
  );
  if (faults.length > 0) return { documents: [], faults };
  try {
    const documents = all.map((one) => placed(one, place)).filter((some) => some !== null);
    if (documents.length > 0) return { documents: documents.flat(), faults };
  } catch (error) {
    // An alias of aliases that would grow without end.
    return faulty(start, error instanceof Error ? error.message : String(error));
  }
  return faulty(start, 'there is no specification here: write one, or a list of them');
}

/**
 * 150 kB of anchors, or of brackets within brackets, take the reader of YAML many seconds, in which
 * its process does nothing else. Brackets within strings count too: a hundred are not left open.
 */
function isTangled(text: string): boolean {
  const anchors = text.match(/(?<=^|[\s[{,:])[&*!][^\s]/gm)?.length ?? 0;
  let open = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    open += bracket === '[' || bracket === '{' ? 1 : -1;
    if (open > deepest) return true;
  }
  return anchors > mostAnchors;
}

function faulty(at: Position, message: string): Documents {
  return { documents: [], faults: [{ at, message }] };
}

function firstLine(message: string): string {
  return (message.split('\n')[0] ?? message).replace(/ at line \d+, column \d+:$/, '');
}

/** Null: nothing is said. */
function placed(document: Document, place: (offset: number) => Position): PlacedDocument[] | null {
  const root: unknown = document.toJS({ maxAliasCount: 100 });
  if (root === null) return null;
  const at = (path: readonly string[]): Position => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = nodeAt(document.contents as Node | null, path.slice(0, length));
      if (node?.range) return place(node.range[0]);
    }
    return start;
  };
  const parts = (pointer: string): string[] => pointer.split('/').slice(1);
  if (!Array.isArray(root)) {
    return [{ document: root, whole: true, placeOf: (pointer) => at(parts(pointer)) }];
  }
  return root.map((one: unknown, index) => ({
    document: one,
    whole: true,
    placeOf: (pointer) => at([String(index), ...parts(pointer)]),
  }));
}

function nodeAt(root: Node | null, path: readonly string[]): Node | null {
  let node: unknown = root;
  for (const part of path) {
    if (isMap(node)) node = node.get(part, true);
    else if (isSeq(node)) node = node.get(Number(part), true);
    else return null;
  }
  return (node ?? null) as Node | null;
}

/** Null: it is JSON. */
function jsonFault(text: string): { at: Position; message: string } | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    const position = / at position (\d+)/.exec(told);
    const before = text.slice(0, position ? Number(position[1]) : text.length).split('\n');
    const at = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    return { at, message: `this is no JSON: ${told.replace(/ at position .*$|, ".*$/s, '')}` };
  }
}
