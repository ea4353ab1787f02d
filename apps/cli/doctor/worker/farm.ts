/** Whether the worker reaches its farm, is known there, and agrees with it about the time. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { join } from 'node:path';
import { EnrolAnswer } from '#protocol/worker.js';
import { UseAnswer } from '#protocol/api/use.js';
import { sentenceOf } from '#std/farm-fault.js';
import { broken, ok, skipped, warning, type Examination, type Finding } from './check.js';

export interface FarmWish {
  readonly farms: readonly string[];
  readonly data: string;
  readonly tokenFile: string | undefined;
}

export type FarmStore = UseAnswer['stores'][number];

const patience = 15_000;
const [drift, farDrift] = [10, 300];

/** Answers the stores that the farm tells of; none when it cannot be asked. */
export async function examineFarm(wish: FarmWish, exam: Examination): Promise<FarmStore[]> {
  let date: string | null = null;
  let reached: string | null = null;
  for (const farm of wish.farms) {
    await exam.look('farm', async () => {
      const answer = await fetch(`${farm}/readyz`, { signal: AbortSignal.timeout(patience) }).catch(
        (error: unknown) => (error instanceof Error && error.cause ? error.cause : error),
      );
      if (!(answer instanceof Response)) {
        return broken(`${farm} does not answer: ${sentenceOf(answer)}`, 'is the address right?');
      }
      date ??= answer.headers.get('date');
      if (!answer.ok) return broken(`${farm} is not ready (${answer.status})`, 'ask its keeper');
      reached ??= farm;
      return ok(`${farm} answers and is ready`);
    });
  }
  await exam.look('clock', () => clock(date, new Date()));
  const farm = reached as string | null;
  await exam.look('credential', () => credential(wish, farm));
  let stores: FarmStore[] = [];
  await exam.look('stores', async () => {
    if (farm === null) return skipped('no farm could be asked');
    stores = await storesOf(farm);
    const told = stores.map(({ slug, address }) => `${slug} at ${address}`).join(', ');
    return stores.length > 0 ? ok(told) : warning('the farm tells of no stores', 'ask its keeper');
  });
  return stores;
}

/** `date` is the header of an answer. */
export function clock(date: string | null, now: Date): Finding {
  const there = date === null ? NaN : Date.parse(date);
  if (Number.isNaN(there)) return skipped('no farm told the time');
  const seconds = Math.abs(now.getTime() - there) / 1000;
  const told = `${Math.round(seconds)} s from the farm's`;
  if (seconds > farDrift) return broken(`the clock is ${told}`, 'set it, and let NTP keep it');
  if (seconds > drift) return warning(`the clock is ${told}`, 'let NTP keep it');
  return ok(`the clock is within ${Math.max(1, Math.ceil(seconds))} s of the farm's`);
}

async function credential({ data, tokenFile }: FarmWish, farm: string | null): Promise<Finding> {
  const file = join(data, 'credential.json');
  if (!existsSync(file)) return token(tokenFile);
  const kept = EnrolAnswer.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!kept.success) {
    return broken(`${file} is no credential`, 'remove it and give a new token by --token-file');
  }
  if ((statSync(file).mode & 0o077) !== 0) {
    return broken(`${file} may be read by others`, `chmod 600 ${file}`);
  }
  if (farm === null) return skipped('no farm could be asked');
  return standing(await greet(farm, kept.data.credential), kept.data.name);
}

function token(file: string | undefined): Finding {
  if (file === undefined) {
    return broken('this worker is not enrolled', 'give a one-time token by --token-file');
  }
  const text = readFileSync(file, 'utf8').trim();
  if (text === '') return broken(`${file} is empty`, 'ask the farm for a new token');
  return ok(`${file} holds a token, to be spent at the first start`);
}

export function standing(status: number, name: string): Finding {
  // The farm looks at the credential first, and then misses what opens a conversation.
  if (status === 400 || status === 426) return ok(`the farm knows this worker as ${name}`);
  const again = 'remove credential.json and enrol it with a new token';
  if (status === 401) return broken(`the farm does not know the credential of ${name}`, again);
  if (status === 403) return broken(`the farm has removed ${name}`, again);
  if (status === 404) return broken('nothing takes workers at that address', 'is it the api?');
  return broken(`the farm answers a worker with ${status}`, 'look at its log, and at the proxy');
}

/**
 * The status that the farm answers a worker with who shows its credential and opens no
 * conversation: the agent that runs keeps its own.
 */
function greet(farm: string, secret: string): Promise<number> {
  const url = new URL(`${farm}/api/v1/workers/connect`);
  const ask = url.protocol === 'https:' ? secure : plain;
  return new Promise((resolve, reject) => {
    const request = ask(url, {
      timeout: patience,
      headers: {
        authorization: `Bearer ${secret}`,
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
      },
    });
    request.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    request.on('upgrade', (answer, socket) => {
      socket.destroy();
      resolve(answer.statusCode ?? 0);
    });
    request.on('timeout', () => request.destroy(new Error('the farm does not answer')));
    request.on('error', reject);
    request.end();
  });
}

async function storesOf(farm: string): Promise<FarmStore[]> {
  const answer = await fetch(`${farm}/api/v1/use`, { signal: AbortSignal.timeout(patience) });
  const parsed = UseAnswer.safeParse(await answer.json().catch(() => null));
  return parsed.success ? [...parsed.data.stores] : [];
}
