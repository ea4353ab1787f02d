/** Waits until a specification has an evaluation of a commit. */
import { getSpecification } from '#client/generated/specifications.js';
import { Refusal } from '../../exit-codes.js';
import type { FarmApi } from '../../farm-api.js';
import { evaluationOf } from '../../farm-targets.js';
import { harmless } from '../../tell/look.js';
import type { Deadline } from './deadline.js';
import { News } from './news.js';

const lookMilliseconds = 5000;

interface Awaited {
  readonly specification: string;
  readonly commit: string;
  readonly deadline: Deadline;
}

/** Answers its id. A fault of a channel is told, since it may be why nothing comes. */
export async function awaitEvaluation(farm: FarmApi, wish: Awaited): Promise<string> {
  const { specification, commit, deadline } = wish;
  const news = new News(farm.client, `specification/${specification}`);
  const told = new Set<string>();
  const say = (sentence: string): void => {
    if (!told.has(sentence)) process.stderr.write(`${harmless(sentence)}\n`);
    told.add(sentence);
  };
  try {
    for (;;) {
      const found = await evaluationOf(farm, { specification, commit }).catch((error: unknown) => {
        if (error instanceof Refusal && error.ending === 'notFound') return null;
        throw error;
      });
      if (found !== null) return found.id;
      const { channels } = await getSpecification(farm.client, { path: { name: specification } });
      say(`waiting until ${specification} has read ${commit}`);
      for (const { name, error } of channels) {
        if (error !== null) say(`channel ${name} cannot be fetched: ${error.message}`);
      }
      await news.waited(deadline.atMost(lookMilliseconds, `an evaluation of ${commit}`));
    }
  } finally {
    news.close();
  }
}
