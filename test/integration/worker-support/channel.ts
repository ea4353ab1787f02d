/**
 * A channel of recipes for tests: evaluated by the local backend, its derivations put in a
 * pack.
 */
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvaluatedJob, EvaluationEvent } from '#application/ports/backend.js';
import { parseDerivation } from '#formats/derivation.js';
import { never } from '#std/cancellation.js';
import { LocalEvaluationBackend } from '#adapters/backends/local/evaluation-backend.js';
import type { TinySubstituter } from './tiny-substituter.js';

export interface EvaluatedChannel {
  readonly jobs: ReadonlyMap<string, EvaluatedJob>;
  readonly events: readonly EvaluationEvent[];
}

/**
 * Writes `recipes` (and files) to a checkout, evaluates it and hands everything to the
 * substituter.
 */
export async function evaluateChannel(
  recipes: unknown,
  substituter?: TinySubstituter,
  files: Readonly<Record<string, string>> = {},
): Promise<EvaluatedChannel> {
  const root = await fs.mkdtemp(join(tmpdir(), 'gambeson-channel-'));
  const checkout = join(root, 'checkout');
  await fs.mkdir(checkout);
  const text = typeof recipes === 'string' ? recipes : JSON.stringify({ recipes });
  await fs.writeFile(join(checkout, 'farm.json'), text);
  for (const [name, contents] of Object.entries(files)) {
    await fs.mkdir(join(checkout, name, '..'), { recursive: true });
    await fs.writeFile(join(checkout, name), contents);
  }
  const backend = new LocalEvaluationBackend({ root: join(root, 'store') });
  const events: EvaluationEvent[] = [];
  const request = {
    workDirectory: join(root, 'work'),
    checkouts: new Map([['main', checkout]]),
    channels: [],
    selection: { file: 'farm.json' },
    systems: ['x86_64-linux'],
    limits: { timeoutSeconds: 60, memoryBytes: 2 ** 30 },
  };
  for await (const event of backend.evaluate(request, never)) events.push(event);
  const jobs = events.filter((event) => event.kind === 'job');
  if (substituter) await serve(backend, jobs, substituter);
  await fs.rm(root, { recursive: true });
  return { jobs: new Map(jobs.map((job) => [job.name, job])), events };
}

async function serve(
  backend: LocalEvaluationBackend,
  jobs: readonly EvaluatedJob[],
  substituter: TinySubstituter,
): Promise<void> {
  const pack: { name: string; bytes: Uint8Array }[] = [];
  for (const job of jobs) {
    const bytes = await backend.derivation(job.derivation);
    pack.push({ name: job.derivation.slice('/gambeson/store/'.length), bytes });
    const parsed = parseDerivation(bytes);
    if (!parsed.ok) throw new Error(parsed.error.kind);
    for (const source of parsed.value.inputSources) {
      const pieces: Uint8Array[] = [];
      for await (const piece of backend.narOf(source)) pieces.push(piece);
      const name = source.slice('/gambeson/store/'.length);
      substituter.offer(name, [], new Uint8Array(Buffer.concat(pieces)));
    }
  }
  substituter.pack = [...substituter.pack, ...pack];
}
