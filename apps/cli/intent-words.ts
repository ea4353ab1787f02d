/** A restart or a cancel of many builds, in words: the coordinator carries it out. */
import type { IntentAnswer } from '#client/generated/shared.js';
import { plural } from '#views/words.js';

export function intentWords({
  id,
  kind,
  moved,
  finishedAt,
  build,
  evaluation,
}: IntentAnswer): string {
  const what = evaluation === null ? `what build ${build} concerns` : `evaluation ${evaluation}`;
  const word = kind === 'restart' ? 'Restart' : 'Cancel';
  const far = finishedAt === null ? 'under way' : 'done';
  return `${word} of ${what} is ${far}: ${plural(moved, 'build')} so far (intent ${id}).\n`;
}
