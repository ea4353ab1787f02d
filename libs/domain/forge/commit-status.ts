/**
 * The status of a commit at its forge, from what its evaluation has come to. A failure is told as
 * soon as there is one, and once more when all builds have ended; nothing in between, since forges
 * limit how often they are written to.
 */
import type { EvaluationStatus } from '../evaluation/status.js';

/** As GitHub, Gitea and Forgejo have them; GitLab's are told apart where it is spoken to. */
export const commitWords = ['pending', 'success', 'failure', 'error'] as const;
export type CommitWord = (typeof commitWords)[number];

export interface Standing {
  readonly evaluation: EvaluationStatus;
  readonly canceled: boolean;
  /** Jobs by what became of their builds; `scheduled` and its like have not ended. */
  readonly jobs: Readonly<Partial<Record<string, number>>>;
}

export interface CommitVerdict {
  readonly word: CommitWord;
  readonly description: string;
  /** Where its link leads: to a build that failed, or to the evaluation. */
  readonly link: 'build' | 'evaluation';
  /** Nothing more happens unless somebody restarts what failed. */
  readonly settled: boolean;
}

const broken = ['failed', 'failed-dependency', 'failed-other', 'error'] as const;
const underWay = ['scheduled', 'submitted', 'started'] as const;

export function commitVerdict({ evaluation, canceled, jobs }: Standing): CommitVerdict {
  const of = (words: readonly string[]): number =>
    words.reduce((sum, word) => sum + (jobs[word] ?? 0), 0);
  const link = (jobs['failed'] ?? 0) > 0 ? 'build' : 'evaluation';
  if (evaluation === 'failed') {
    const description = 'The evaluation failed.';
    return { word: 'failure', description, link: 'evaluation', settled: true };
  }
  if (canceled || evaluation === 'aborted') {
    return { word: 'error', description: 'Canceled.', link: 'evaluation', settled: true };
  }
  const failed = of(broken);
  const settled = evaluation === 'succeeded' && of(underWay) === 0;
  if (failed > 0 && !settled) {
    return { word: 'failure', description: 'A build has failed; others go on.', link, settled };
  }
  if (!settled) {
    return { word: 'pending', description: 'Builds are under way.', link, settled };
  }
  const all = of(Object.keys(jobs));
  if (failed > 0) {
    return { word: 'failure', description: `${failed} of ${all} jobs failed.`, link, settled };
  }
  if (of(['canceled']) > 0) {
    const description = `${of(['canceled'])} of ${all} jobs were canceled.`;
    return { word: 'error', description, link, settled };
  }
  const description = all === 0 ? 'There was nothing to build.' : `All ${all} jobs succeeded.`;
  return { word: 'success', description, link, settled };
}

/** What the forge shows beside the word. */
export function statusContext(specification: string): string {
  return `gambeson/${specification}`;
}
