/**
 * Brings the `.drv` closure of a build into the worker's store. Derivations travel in packs; a pack
 * that was fetched is imported as a whole, but for files whose own inputs are neither in it nor
 * here: fetching those too would bring a whole evaluation for one build.
 */
import type { BuildBackend } from '#application/ports/backend.js';
import type { PackedDerivation } from '#formats/derivation-pack.js';
import { parseDerivation } from '#formats/derivation.js';
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import { persist } from '#adapters/system/persist.js';

export interface PackSource {
  getPack(slug: string, derivation: string): Promise<readonly PackedDerivation[] | null>;
}

export interface DerivationWish {
  readonly store: { readonly slug: string; readonly dir: string };
  /** Base name. */
  readonly derivation: string;
  readonly cancellation: Cancellation;
}

interface Gathered {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Full paths of its inputs. */
  readonly inputs: readonly string[];
}

/** Throws FarmFault `input-missing` with the name of a derivation that the farm does not have. */
export async function fetchDerivations(
  backend: BuildBackend,
  packs: PackSource,
  wish: DerivationWish,
): Promise<void> {
  const { dir } = wish.store;
  const gathered = new Map<string, Gathered>();
  let wanted = [`${dir}/${wish.derivation}`];
  while (wanted.length > 0) {
    const missing = await backend.missingDerivations(wanted);
    const next = new Set<string>();
    for (const name of missing) {
      const path = `${dir}/${name}`;
      if (!gathered.has(path)) await gatherPack(packs, wish, { name, gathered });
      for (const input of gathered.get(path)?.inputs ?? []) next.add(input);
    }
    wanted = closureFrom(next, gathered);
  }
  if (backend.importsSparingly) keepNeeded(gathered, `${dir}/${wish.derivation}`);
  if (gathered.size === 0) return;
  await backend.importDerivations(importable(gathered, await absent(backend, gathered)));
}

/** What the pack brought besides is let go. */
function keepNeeded(gathered: Map<string, Gathered>, wished: string): void {
  const needed = new Set([wished]);
  for (const path of needed)
    for (const input of gathered.get(path)?.inputs ?? []) needed.add(input);
  for (const path of gathered.keys()) if (!needed.has(path)) gathered.delete(path);
}

async function gatherPack(
  packs: PackSource,
  { store, cancellation }: DerivationWish,
  { name, gathered }: { readonly name: string; readonly gathered: Map<string, Gathered> },
): Promise<void> {
  const pack = await persist({ cancellation }, () => packs.getPack(store.slug, name));
  for (const file of pack ?? []) {
    const path = `${store.dir}/${file.name}`;
    if (!gathered.has(path)) gathered.set(path, readFile(path, file.bytes));
  }
  if (!gathered.has(`${store.dir}/${name}`)) {
    throw new FarmFault('input-missing', `the farm does not have the derivation ${name}`, 'later');
  }
}

function readFile(path: string, bytes: Uint8Array): Gathered {
  const parsed = parseDerivation(bytes);
  if (!parsed.ok) throw new FarmFault('corrupt-data', `${path} is not a derivation`, 'never');
  return { path, bytes, inputs: parsed.value.inputDerivations.map((input) => input.path) };
}

/** The inputs that must still be looked for, having walked through all that was gathered. */
function closureFrom(
  start: ReadonlySet<string>,
  gathered: ReadonlyMap<string, Gathered>,
): string[] {
  const seen = new Set(start);
  for (const path of seen) for (const input of gathered.get(path)?.inputs ?? []) seen.add(input);
  return [...seen].filter((path) => !gathered.has(path));
}

/** Inputs of gathered files that are neither gathered nor in the store. */
async function absent(
  backend: BuildBackend,
  gathered: ReadonlyMap<string, Gathered>,
): Promise<ReadonlySet<string>> {
  const outside = new Set<string>();
  for (const { inputs } of gathered.values()) {
    for (const input of inputs) if (!gathered.has(input)) outside.add(input);
  }
  return new Set(await backend.missingDerivations([...outside]));
}

/** In dependency order, without what needs an absent one; walked with a stack of our own. */
function importable(
  gathered: ReadonlyMap<string, Gathered>,
  missing: ReadonlySet<string>,
): Gathered[] {
  const order: Gathered[] = [];
  const opened = new Set<Gathered>();
  const good = new Map<string, boolean>();
  const isGood = (path: string): boolean =>
    good.get(path) ?? !missing.has(path.slice(path.lastIndexOf('/') + 1));
  for (const root of gathered.values()) {
    const stack = [{ file: root, looked: 0 }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const { file } = top;
      const input = good.has(file.path) ? undefined : file.inputs[top.looked++];
      if (input !== undefined) {
        const below = good.has(input) ? undefined : gathered.get(input);
        if (below && !opened.has(below)) {
          opened.add(below);
          stack.push({ file: below, looked: 0 });
        }
        continue;
      }
      stack.pop();
      if (good.has(file.path)) continue;
      good.set(file.path, file.inputs.every(isGood));
      if (good.get(file.path)) order.push(file);
    }
  }
  return order;
}
