/**
 * What is to be built, when some of it can be had already. From what is wished, downwards: what can
 * be had is not built, and what only that would have needed is not needed at all. Nobody is asked
 * for what nobody needs.
 */

/** `build` is what nobody else has. */
export type Fate = 'substitute' | 'build';

/** A derivation that is to be decided about. Names are what the caller likes. */
export interface Candidate {
  readonly name: string;
  /** Base names of its outputs; null while a path is not known before it is built. */
  readonly outputs: readonly (string | null)[];
  readonly inputs: readonly string[];
}

export interface FateQuestions {
  /** Those that are to be decided about; the others stand on their own. */
  candidates(names: readonly string[]): Promise<readonly Candidate[]>;
  /** Those of the paths that can be had. */
  present(paths: readonly string[]): Promise<ReadonlySet<string>>;
}

export interface Decided {
  /** Of what is needed; what it does not name is not. */
  readonly fates: ReadonlyMap<string, Fate>;
  /** Those of the substituted that something to be built needs; the others are wished alone. */
  readonly urgent: ReadonlySet<string>;
}

export async function decideFates(
  wished: readonly string[],
  questions: FateQuestions,
): Promise<Decided> {
  const fates = new Map<string, Fate>();
  const urgent = new Set<string>();
  const seen = new Set<string>();
  let frontier = [...new Set(wished)];
  while (frontier.length > 0) {
    for (const name of frontier) seen.add(name);
    const candidates = await questions.candidates(frontier);
    const present = await questions.present(
      candidates.flatMap(({ outputs }) => outputs.flatMap((path) => path ?? [])),
    );
    const next = new Set<string>();
    for (const { name, outputs, inputs } of candidates) {
      const isThere =
        outputs.length > 0 && outputs.every((path) => path !== null && present.has(path));
      fates.set(name, isThere ? 'substitute' : 'build');
      if (isThere) continue;
      for (const input of inputs) {
        urgent.add(input);
        if (!seen.has(input)) next.add(input);
      }
    }
    frontier = [...next];
  }
  for (const name of urgent) if (fates.get(name) !== 'substitute') urgent.delete(name);
  return { fates, urgent };
}
