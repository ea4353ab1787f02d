/**
 * How long it takes to ask an upstream for 149,000 outputs, cold: as many as the evaluation whose
 * questions took Hydra more than an hour. Near (no delay) and far (30 ms), with nothing there and
 * with half of them there, each signature verified and each presence written to Postgres.
 */
import { PostgresUpstreamStore } from '#adapters/postgres/upstream-store.js';
import { UpstreamHttp } from '#adapters/upstream/upstream-http.js';
import { UpstreamQuestions } from '#application/ask-upstreams.js';
import {
  formatNixPublicKey,
  formatNixSecretKey,
  generateNixKey,
  publicKeyOf,
} from '#formats/nix-signature.js';
import { startServer } from './child.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';

const questions = 149_000;
/** As an evaluation asks: what 1,000 jobs need at once. */
const atOnce = 10_000;

interface Round {
  readonly name: string;
  readonly delay: number;
  readonly share: number;
  readonly depth: number;
  readonly connections: number;
  readonly questions: number;
}

const usual = { depth: 16, connections: 32, questions };
const rounds: readonly Round[] = [
  { name: 'near, nothing there', delay: 0, share: 0, ...usual },
  { name: 'near, half there', delay: 0, share: 0.5, ...usual },
  { name: '30 ms away, nothing there', delay: 30, share: 0, ...usual },
  {
    ...{ name: '30 ms away, 10 connections, one at a time', delay: 30, share: 0 },
    ...{ depth: 1, connections: 10, questions: 5000 },
  },
];

export async function upstreamQuestionsReport(): Promise<string> {
  const farm = await startFarmDatabase();
  const lines = [
    '| upstream | questions | seconds | questions/s | seconds when asked again |',
    '|---|---|---|---|---|',
  ];
  try {
    for (const round of rounds) {
      const { cold, again } = await ask(farm, round);
      const rate = Math.round(round.questions / cold);
      const told = [round.name, round.questions, cold.toFixed(1), rate, again.toFixed(1)];
      lines.push(`| ${told.join(' | ')} |`);
    }
  } finally {
    await farm.stop();
  }
  return lines.join('\n');
}

interface Seconds {
  readonly cold: number;
  /** What is there is believed, and what is not is remembered. */
  readonly again: number;
}

async function ask(farm: FarmDatabase, round: Round): Promise<Seconds> {
  const key = generateNixKey('upstream.example.org-1');
  const server = await startServer('bench/upstream-server.js', {
    UPSTREAM_KEY: formatNixSecretKey(key),
    UPSTREAM_DELAY: String(round.delay),
    UPSTREAM_SHARE: String(round.share),
  });
  await farm.database.execute('delete from upstream_paths');
  await farm.database.execute('delete from upstreams');
  await farm.database.execute(
    `insert into upstreams (store_id, url, public_keys)
     select id, $1, array[$2] from stores where slug = 'nix'`,
    [`http://127.0.0.1:${server.port}`, formatNixPublicKey(publicKeyOf(key))],
  );
  try {
    return await timed(farm, round);
  } finally {
    await server.stop();
  }
}

async function timed(farm: FarmDatabase, round: Round): Promise<Seconds> {
  const store = new PostgresUpstreamStore(farm.database);
  const client = new UpstreamHttp({ depth: round.depth, connections: round.connections });
  const asking = new UpstreamQuestions({ store, client, now: () => performance.now() });
  const paths = Array.from(
    { length: round.questions },
    (_, at) => `${String(at).padStart(32, '0')}-package-1.0`,
  );
  const due = Math.round(round.share * round.questions);
  const once = async (): Promise<number> => {
    const began = performance.now();
    let present = 0;
    for (let at = 0; at < paths.length; at += atOnce) {
      present += (await asking.present('nix', paths.slice(at, at + atOnce))).size;
    }
    if (present !== due) throw new Error(`${round.name}: ${present} are there instead of ${due}`);
    return (performance.now() - began) / 1000;
  };
  const cold = await once();
  return { cold, again: await once() };
}
