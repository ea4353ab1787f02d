/** What a derivation in a worker's store needs before it can be built. Shared by the backends. */
import { readFile } from 'node:fs/promises';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { parseDerivation, type Derivation } from '#formats/derivation.js';

/** Where a store path lies on disk; throws FarmFault `corrupt-data` when it is no store path. */
export interface Places {
  place(path: string): string;
}

/** Throws FarmFault `input-missing` when it is not here. */
export async function readDerivation(store: Places, path: string): Promise<Derivation> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(store.place(path));
  } catch (cause) {
    const sentence = `the derivation ${path} is not here: ${sentenceOf(cause)}`;
    throw new FarmFault('input-missing', sentence, 'later', { cause });
  }
  const parsed = parseDerivation(bytes);
  if (parsed.ok) return parsed.value;
  throw new FarmFault('corrupt-data', `${path} is no derivation: ${parsed.error.kind}`, 'never');
}

/** The paths that a build needs: wanted outputs of its input derivations, and sources. */
export async function inputPaths(store: Places, derivation: Derivation): Promise<string[]> {
  const paths = new Set(derivation.inputSources);
  for (const input of derivation.inputDerivations) {
    const { outputs } = await readDerivation(store, input.path);
    for (const name of input.outputs) {
      const path = outputs.find((output) => output.name === name)?.path ?? '';
      if (path === '') {
        const sentence = `the path of ${name} of ${input.path} is not known before it is built`;
        throw new FarmFault('input-missing', sentence, 'never');
      }
      paths.add(path);
    }
  }
  return [...paths];
}
