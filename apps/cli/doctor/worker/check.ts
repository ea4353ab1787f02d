/** One thing that a worker needs, as it was found. */
import { sentenceOf } from '#std/farm-fault.js';

export interface Finding {
  /**
   * `broken`: builds fail, or are none; `warning`: they go worse than they might; `skipped`: it was
   * not there to look at.
   */
  readonly state: 'ok' | 'warning' | 'broken' | 'skipped';
  readonly sentence: string;
  /** What to do. */
  readonly advice?: string;
}

export interface Check extends Finding {
  readonly name: string;
}

export const ok = (sentence: string): Finding => ({ state: 'ok', sentence });
export const skipped = (sentence: string): Finding => ({ state: 'skipped', sentence });
export const warning = (sentence: string, advice: string): Finding => ({
  ...{ state: 'warning', sentence, advice },
});
export const broken = (sentence: string, advice: string): Finding => ({
  ...{ state: 'broken', sentence, advice },
});

/** Looks at one thing after the other, and tells each as it is found. */
export class Examination {
  readonly #checks: Check[] = [];

  constructor(private readonly tell: (check: Check) => void) {}

  get checks(): readonly Check[] {
    return this.#checks;
  }

  async look(name: string, work: () => Finding | Promise<Finding>): Promise<Finding> {
    const finding = await found(work);
    const check = { name, ...finding };
    this.#checks.push(check);
    this.tell(check);
    return finding;
  }
}

async function found(work: () => Finding | Promise<Finding>): Promise<Finding> {
  try {
    return await work();
  } catch (thrown) {
    return { state: 'broken', sentence: sentenceOf(thrown) };
  }
}
