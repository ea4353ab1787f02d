/** Real derivations of the local backend are registered while an upstream has some of them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LocalEvaluationBackend } from '#adapters/backends/local/evaluation-backend.js';
import { BackendDerivationFiles } from '#adapters/system/derivation-files.js';
import { EvaluationFates } from '#application/evaluation-fates.js';
import type { IngestBatch, IngestJob } from '#application/ports/ingest-store.js';
import { DerivationRegistrar } from '#application/register-derivations.js';
import { id, type EvaluationId, type Fence } from '#domain/ids.js';
import { never } from '#std/cancellation.js';

const recipes = [
  { name: 'tool', script: 'mkdir $out' },
  { name: 'library', script: 'mkdir $out', inputs: ['tool'] },
  { name: 'plugin', script: 'mkdir $out', inputs: ['library'] },
  { name: 'app', script: 'mkdir $out', inputs: ['plugin'] },
];

let root = '';
let backend: LocalEvaluationBackend;
const jobs = new Map<string, IngestJob>();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'gambeson-registration-'));
  backend = new LocalEvaluationBackend({ root: join(root, 'store') });
  await writeFile(join(root, 'farm.json'), JSON.stringify({ recipes }));
  const request = {
    ...{
      workDirectory: root,
      checkouts: new Map([['pkgs', root]]),
      channels: [],
      systems: ['x86_64-linux'],
    },
    ...{ selection: { file: 'farm.json' }, limits: { timeoutSeconds: 60, memoryBytes: 1e9 } },
  };
  for await (const event of backend.evaluate(request, never)) {
    if (event.kind !== 'job') continue;
    const { name, system, derivation } = event;
    jobs.set(name, { name, system, derivation, error: null, meta: {}, limits: null });
  }
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

/** Registers jobs, one telling after the other; answers the batches, and what was asked for. */
async function register(tellings: readonly string[][], present: readonly string[]) {
  const asked: string[] = [];
  const batches: IngestBatch[] = [];
  const files = new BackendDerivationFiles(backend, '/gambeson/store');
  const questions = {
    serves: async () => true,
    present: async (_slug: string, paths: readonly string[]) => {
      asked.push(...paths.map((path) => path.slice(33)));
      return new Set(paths.filter((path) => present.includes(path.slice(33))));
    },
  };
  const store = { dormant: async () => [] };
  const known = new Set<string>();
  const registrar = new DerivationRegistrar(
    {
      files,
      ingest: {
        known: async (_slug, paths) => new Set(paths.filter((path) => known.has(path))),
        ingest: async (_lease, batch) => {
          batches.push(batch);
          for (const { path } of batch.derivations) known.add(path);
          return { newBuilds: batch.derivations.length, rescheduled: 0, failedInputs: false };
        },
      },
      sources: { offer: async () => undefined },
      uploads: { putPack: async () => ({ pack: '1' }) },
      bus: { publish: async () => undefined, subscribe: async () => async () => {}, close: closed },
      fates: new EvaluationFates({ questions, store }, { slug: 'local', files }),
    },
    {
      lease: { evaluation: id<EvaluationId>(1), fence: '0'.repeat(16) as Fence },
      ...{ slug: 'local', priority: 9, limits: { timeoutSeconds: 1, maxSilentSeconds: 1 } },
    },
  );
  for (const names of tellings) await registrar.register(names.map((name) => jobs.get(name)!));
  await registrar.settled();
  return { batches, asked };
}

async function closed(): Promise<void> {}

const namesOf = (paths: Iterable<string>): string[] =>
  [...paths].map((path) => path.slice(33, -'.drv'.length)).sort();

describe('the registration of an evaluation', () => {
  it('asks from the jobs downwards, and registers what nothing needs all the same', async () => {
    const { batches, asked } = await register([['app']], ['plugin']);
    expect(asked).toEqual(['app', 'plugin']);
    const [{ derivations, fates }] = batches as [IngestBatch];
    expect(namesOf(derivations.map(({ path }) => path))).toHaveLength(4);
    expect([...fates!.substitute.values()]).toEqual([true]);
    expect(namesOf(fates!.substitute.keys())).toEqual(['plugin']);
    expect(namesOf(fates!.unneeded)).toEqual(['library', 'tool']);
  });

  it('takes up again what an earlier telling of it had no need of', async () => {
    const { batches, asked } = await register([['plugin'], ['library']], ['plugin', 'tool']);
    expect(asked).toEqual(['plugin', 'library', 'tool']);
    const fates = batches[1]!.fates!;
    expect(namesOf(fates.registered.build)).toEqual(['library']);
    expect(namesOf(fates.registered.substitute.keys())).toEqual(['tool']);
    expect(batches[1]!.derivations).toEqual([]);
  });
});
