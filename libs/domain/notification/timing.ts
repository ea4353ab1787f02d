/** When a message goes out: how long changes are gathered for it, and when it is tried again. */

/**
 * Seconds for which changes of one evaluation are gathered for one receiver, given how many
 * messages of that evaluation the receiver has had: news soon, and the rest of a long evaluation by
 * the hour at most.
 */
export function gatherSeconds(base: number, had: number): number {
  return base * (gatherFactors[Math.min(had, gatherFactors.length - 1)] ?? 1);
}

const gatherFactors = [1, 10, 60] as const;

/** As many as `gatherSeconds` tells apart. */
export function gatherLadder(base: number): number[] {
  return gatherFactors.map((_, had) => gatherSeconds(base, had));
}

/** What became of one try. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly answer: string }
  /** `afterSeconds`: the receiver itself said when. */
  | {
      readonly kind: 'failed';
      readonly answer: string;
      readonly afterSeconds?: number | undefined;
    }
  /** There is no use in trying again: 410, an address that the mail server does not know. */
  | { readonly kind: 'refused'; readonly answer: string }
  /** The farm itself stopped meanwhile: nobody knows, and it does not count as a try. */
  | { readonly kind: 'interrupted'; readonly answer: string }
  /** The specification tells this receiver no more. */
  | { readonly kind: 'dropped'; readonly answer: string };

export type Settlement =
  | { readonly state: 'delivered' | 'given-up' | 'dropped' }
  | { readonly state: 'waiting'; readonly afterSeconds: number };

const minute = 60;
const hour = 60 * minute;
/** As Standard Webhooks advises: soon, for what is restarted; then for three days, for people. */
const rests = [
  ...[5, 5 * minute, 30 * minute],
  ...[2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour],
] as const;
export const triesAtMost = rests.length + 1;
const longestRest = 24 * hour;

/**
 * `tries` counts the one that has just ended; `chance` in [0, 1) spreads those who failed together
 * over a fifth of their rest.
 */
export function settle(outcome: Outcome, tries: number, chance: number): Settlement {
  switch (outcome.kind) {
    case 'delivered':
    case 'dropped':
      return { state: outcome.kind };
    case 'interrupted':
      return { state: 'waiting', afterSeconds: 0 };
    case 'refused':
      return { state: 'given-up' };
    case 'failed': {
      const rest = rests[tries - 1];
      if (rest === undefined) return { state: 'given-up' };
      const wished = Math.min(outcome.afterSeconds ?? 0, longestRest);
      return { state: 'waiting', afterSeconds: Math.max(rest * (1 + chance / 5), wished) };
    }
  }
}
