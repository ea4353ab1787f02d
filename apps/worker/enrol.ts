/**
 * A worker's identity. A one-time token is exchanged once for a credential of the worker's own,
 * which lies in its data directory, readable by its owner alone; the token is worth nothing
 * afterwards.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EnrolAnswer } from '#protocol/worker.js';
import { sentenceOf } from '#std/farm-fault.js';
import { writeAtomically } from './attempt/durable-file.js';
import { say } from './say.js';

export interface EnrolWish {
  readonly farms: readonly string[];
  readonly data: string;
  readonly name: string;
  readonly tokenFile: string | undefined;
}

/** The person who started the agent can mend this; the message says how. */
export class EnrolmentRefused extends Error {}

const answerMilliseconds = 15_000;
const longestPause = 10_000;

/**
 * The credential kept from before, or a new one for the token. Waits for a farm that is not up
 * yet.
 */
export async function credentialOf(wish: EnrolWish): Promise<EnrolAnswer> {
  const file = join(wish.data, 'credential.json');
  const kept = readKept(file);
  if (kept) return kept;
  if (wish.tokenFile === undefined) {
    const sentence = `${wish.data} holds no credential yet: give a one-time token by --token-file`;
    throw new EnrolmentRefused(sentence);
  }
  const token = readToken(wish.tokenFile);
  for (let wait = 250, round = 0; ; wait = Math.min(wait * 2, longestPause), round++) {
    const answer = await ask(wish.farms[round % wish.farms.length]!, wish.name, token);
    if (answer) {
      writeAtomically(file, `${JSON.stringify(answer)}\n`);
      say(`enrolled as ${answer.name} (worker ${answer.worker})`);
      return answer;
    }
    await pause(wait * (0.5 + Math.random() / 2));
  }
}

function readKept(file: string): EnrolAnswer | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new EnrolmentRefused(`the credential ${file} cannot be read: ${sentenceOf(thrown)}`);
  }
  try {
    return EnrolAnswer.parse(JSON.parse(text));
  } catch {
    const sentence = `${file} is no credential: remove it and give a new token by --token-file`;
    throw new EnrolmentRefused(sentence);
  }
}

function readToken(file: string): string {
  try {
    const token = readFileSync(file, 'utf8').trim();
    if (token !== '') return token;
  } catch (thrown) {
    throw new EnrolmentRefused(`--token-file ${file} cannot be read: ${sentenceOf(thrown)}`);
  }
  throw new EnrolmentRefused(`--token-file ${file} is empty`);
}

/** Null when the farm cannot answer now. */
async function ask(farm: string, name: string, token: string): Promise<EnrolAnswer | null> {
  const url = `${farm}/api/v1/workers/enrol`;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token, name }),
      signal: AbortSignal.timeout(answerMilliseconds),
    });
    if (answer.ok) return EnrolAnswer.parse(await answer.json());
    const said = detailOf(await answer.text());
    if (answer.status < 500 && answer.status !== 429) {
      throw new EnrolmentRefused(`the farm refused to enrol ${name} (${answer.status}): ${said}`);
    }
    say(`the farm cannot enrol now (${answer.status}): ${said}`);
  } catch (thrown) {
    if (thrown instanceof EnrolmentRefused) throw thrown;
    say(`the farm at ${farm} does not answer yet: ${sentenceOf(thrown)}`);
  }
  return null;
}

function detailOf(body: string): string {
  try {
    const problem = JSON.parse(body) as { detail?: string; title?: string };
    return problem.detail ?? problem.title ?? 'no reason given';
  } catch {
    return 'no reason given';
  }
}
