/**
 * The fates of the derivations that one reading of an evaluation tells: of the new ones, and of
 * those that are registered and that nobody has wished for since. What one telling decides stands
 * for the whole reading, but for what was not needed and is needed later. Names are full paths of
 * `.drv` files.
 */
import { decideFates, type Candidate, type Fate } from './decide-fates.js';
import type { DerivationFiles } from './ports/derivation-files.js';
import type { IngestFates } from './ports/ingest-store.js';
import type { UpstreamStore } from './ports/upstream-store.js';
import type { UpstreamQuestions } from './ask-upstreams.js';

export interface FateParts {
  readonly questions: Pick<UpstreamQuestions, 'serves' | 'present'>;
  readonly store: Pick<UpstreamStore, 'dormant'>;
}

/** A farm without upstreams: whatever is not offered here is built. */
export const nobodyToAsk: FateParts = {
  questions: { serves: async () => false, present: async () => new Set() },
  store: { dormant: async () => [] },
};

export class EvaluationFates {
  private readonly decided = new Map<string, Fate>();
  /** Told in this reading, and not needed so far. */
  private readonly idle = new Set<string>();

  constructor(
    private readonly parts: FateParts,
    private readonly reading: {
      readonly slug: string;
      readonly files: Pick<DerivationFiles, 'outlineOf'>;
    },
  ) {}

  /** Null when there is nobody to ask. `fresh` is what is not registered and about to be. */
  async decide(wished: readonly string[], fresh: ReadonlySet<string>): Promise<IngestFates | null> {
    const { slug } = this.reading;
    if (!(await this.parts.questions.serves(slug))) return null;
    const { fates, urgent } = await decideFates(wished, {
      candidates: (names) => this.candidates(names, fresh),
      present: (paths) => this.parts.questions.present(slug, paths),
    });
    const substitute = new Map<string, boolean>();
    const registered = { substitute: new Map<string, boolean>(), build: new Set<string>() };
    for (const [path, fate] of fates) {
      this.decided.set(path, fate);
      const isRegistered = this.idle.delete(path) || !fresh.has(path);
      const among = isRegistered ? registered.substitute : substitute;
      if (fate === 'substitute') among.set(baseOf(path), urgent.has(path));
      else if (isRegistered) registered.build.add(baseOf(path));
    }
    const unneeded = new Set<string>();
    for (const path of fresh) {
      if (fates.has(path)) continue;
      this.idle.add(path);
      unneeded.add(baseOf(path));
    }
    return { substitute, unneeded, registered };
  }

  private async candidates(
    names: readonly string[],
    fresh: ReadonlySet<string>,
  ): Promise<Candidate[]> {
    const isTold = (name: string): boolean => fresh.has(name) || this.idle.has(name);
    const candidates: Candidate[] = [];
    const registered: string[] = [];
    for (const name of names) {
      if (this.decided.has(name)) continue;
      if (!isTold(name)) {
        registered.push(name);
        continue;
      }
      const outline = await this.reading.files.outlineOf(name);
      // A file that cannot be read is refused when it is checked.
      if (outline.ok) candidates.push({ name, ...outline.value });
    }
    return [...candidates, ...(await this.dormant(registered))];
  }

  private async dormant(names: readonly string[]): Promise<Candidate[]> {
    if (names.length === 0) return [];
    const dir = names[0]!.slice(0, names[0]!.lastIndexOf('/'));
    const found = await this.parts.store.dormant(this.reading.slug, names.map(baseOf));
    return found.map(({ name, outputs, inputs }) => ({
      name: `${dir}/${name}`,
      outputs,
      inputs: inputs.map((input) => `${dir}/${input}`),
    }));
  }
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
