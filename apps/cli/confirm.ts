/** Asks before what cannot be undone; where nobody can be asked, it has to be said beforehand. */
import { createInterface } from 'node:readline/promises';
import { Refusal } from './exit-codes.js';

/** Throws a Refusal unless `yes` was said, on the command line or now. */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new Refusal('usage', `${question} Say so with --yes.`);
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new Refusal('interrupted', 'nothing was changed');
  } finally {
    asking.close();
  }
}
