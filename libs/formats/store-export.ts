/**
 * The archives of `nix-store --export` and `guix archive --export`: store items in a row, each a
 * nar with path, references and deriver behind it, dependencies first. Those of Guix bear a
 * signature for each item, of the key of the machine that wrote them.
 *
 *     archive = item* 0
 *     item    = 1 NAR magic path count reference* deriver (0 | 1 signature)
 *
 * Numbers are of 64 bits, little-endian; strings are those of nars. What is signed is the SHA-256
 * of everything from the nar to the deriver.
 */
import { invariant } from '#std/invariant.js';
import { narString } from './nar/grammar.js';

export {
  defaultExportLimits,
  ExportReader,
  type ExportError,
  type ExportEvent,
  type ExportLimits,
} from './store-export-reader.js';

/** What stands behind a nar. Paths are full ones, of one store directory. */
export interface ExportedItem {
  readonly path: string;
  /** Ascending by bytes. */
  readonly references: readonly string[];
  readonly deriver: string | null;
}

/** `EXIN`, as a number. */
export const exportMagic = 0x4558494e;

/** Before the nar of each item. */
export function itemBegin(): Uint8Array {
  return number(1);
}

/** Behind the nar; what is signed ends with it. */
export function itemDescription({ path, references, deriver }: ExportedItem): Uint8Array {
  return joined([
    number(exportMagic),
    string(path),
    number(references.length),
    ...references.map(string),
    string(deriver ?? ''),
  ]);
}

/** Null: not signed, as Nix has it. A character stands for a byte. */
export function itemEnd(signature: string | null): Uint8Array {
  return signature === null ? number(0) : joined([number(1), string(signature)]);
}

/** After the last item. */
export function archiveEnd(): Uint8Array {
  return number(0);
}

function number(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

function string(text: string): Uint8Array {
  return narString(Buffer.from(text, 'latin1'));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/**
 * The roots and what they lead to, each after what it refers to. `referencesOf` leaves out what is
 * not to be had.
 */
export function dependenciesFirst(
  roots: Iterable<string>,
  referencesOf: (name: string) => readonly string[],
): string[] {
  const ordered: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const waiting = [...roots].reverse();
  for (let name = waiting.at(-1); name !== undefined; name = waiting.at(-1)) {
    if (!state.has(name)) {
      state.set(name, 'open');
      const unseen = referencesOf(name).filter((reference) => !state.has(reference));
      waiting.push(...unseen.toReversed());
      continue;
    }
    waiting.pop();
    if (state.get(name) === 'done') continue;
    state.set(name, 'done');
    ordered.push(name);
  }
  invariant(ordered.length === state.size, 'every name that was seen is told once');
  return ordered;
}
