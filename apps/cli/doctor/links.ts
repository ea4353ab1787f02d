/**
 * The links of the chain from an address to a store path on a client's disk, in the order in which
 * a client depends on them. The first broken one ends the walk: what comes after it says nothing.
 */
export const linkNames = [
  'address',
  'name',
  'connection',
  'certificate',
  'cache-info',
  'narinfo',
  'signature',
  'references',
  'nar',
] as const;
export type LinkName = (typeof linkNames)[number];

export interface Link {
  readonly link: LinkName;
  /** `skipped`: nothing was there to try. */
  readonly state: 'holds' | 'broken' | 'skipped';
  readonly sentence: string;
  readonly milliseconds: number;
}

/** Thrown by whoever finds a link broken. */
export class BrokenLink extends Error {}

/** What a link that holds says; null: it was not there to try, for the reason given. */
export type LinkWork = () => Promise<string | { readonly skipped: string }>;

export class Walk {
  private readonly walked: Link[] = [];
  private broken = false;

  constructor(private readonly tell: (link: Link) => void) {}

  get links(): readonly Link[] {
    return this.walked;
  }

  /** Whether the walk may go on. */
  get whole(): boolean {
    return !this.broken;
  }

  async try(link: LinkName, work: LinkWork): Promise<void> {
    if (this.broken) return;
    const begin = performance.now();
    const { state, sentence } = await outcomeOf(work);
    const milliseconds = Math.round(performance.now() - begin);
    this.broken = state === 'broken';
    const tried: Link = { link, state, sentence, milliseconds };
    this.walked.push(tried);
    this.tell(tried);
  }
}

async function outcomeOf(work: LinkWork): Promise<Pick<Link, 'state' | 'sentence'>> {
  try {
    const said = await work();
    if (typeof said === 'string') return { state: 'holds', sentence: said };
    return { state: 'skipped', sentence: said.skipped };
  } catch (error) {
    if (!(error instanceof BrokenLink)) throw error;
    return { state: 'broken', sentence: error.message };
  }
}
