import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvaluatedJob, EvaluationEvent } from '#application/ports/backend.js';
import { checkDerivation, ModuloHashes } from '#formats/derivation-paths.js';
import { parseDerivation } from '#formats/derivation.js';
import { never } from '#std/cancellation.js';
import { LocalEvaluationBackend } from './evaluation-backend.js';

let root: string;

beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), 'gambeson-evaluation-'));
  await fs.mkdir(join(root, 'checkout'));
});

afterEach(async () => {
  await fs.rm(root, { recursive: true, force: true });
});

interface Evaluated {
  readonly backend: LocalEvaluationBackend;
  readonly events: readonly EvaluationEvent[];
  job(name: string): EvaluatedJob;
  errors(): string[];
}

async function evaluate(recipes: unknown, systems = ['x86_64-linux']): Promise<Evaluated> {
  const checkout = join(root, 'checkout');
  const text = typeof recipes === 'string' ? recipes : JSON.stringify({ recipes });
  await fs.writeFile(join(checkout, 'farm.json'), text);
  const backend = new LocalEvaluationBackend({ root: join(root, 'store') });
  const request = {
    workDirectory: join(root, 'work'),
    checkouts: new Map([['main', checkout]]),
    channels: [],
    selection: { file: 'farm.json' },
    systems,
    limits: { timeoutSeconds: 60, memoryBytes: 2 ** 30 },
  };
  const events: EvaluationEvent[] = [];
  for await (const event of backend.evaluate(request, never)) events.push(event);
  return {
    backend,
    events,
    job: (name) =>
      events.find((event) => event.kind === 'job' && event.name === name) as EvaluatedJob,
    errors: () =>
      events.flatMap((event) =>
        event.kind === 'job-error' ? `${event.name}: ${event.message}` : [],
      ),
  };
}

const recipes = [
  {
    name: 'prog-1.0',
    inputs: ['lib', 'lib!doc'],
    sources: ['src'],
    script: 'printf "%s\\n" "ünïcode"',
    env: { GREETING: 'grüß' },
    requiredFeatures: ['kvm'],
    timeoutSeconds: 5,
    meta: { description: 'a program' },
  },
  { name: 'lib', outputs: ['out', 'doc'], script: ':' },
];

describe('an evaluation of recipes', () => {
  it('makes derivations that own their paths', async () => {
    await fs.mkdir(join(root, 'checkout/src'));
    await fs.writeFile(join(root, 'checkout/src/main.c'), 'int main;');
    const evaluated = await evaluate(recipes);
    const modulo = new ModuloHashes();
    for (const name of ['lib', 'prog-1.0']) {
      const path = evaluated.job(name).derivation;
      const bytes = await evaluated.backend.derivation(path);
      const parsed = parseDerivation(bytes);
      if (!parsed.ok) throw new Error(parsed.error.kind);
      const item = { dir: '/gambeson/store', path, bytes, derivation: parsed.value, modulo };
      expect(checkDerivation(item)).toEqual({ ok: true, value: undefined });
    }
    expect(evaluated.job('prog-1.0')).toMatchObject({
      limits: { timeoutSeconds: 5 },
      meta: { description: 'a program' },
    });
  });

  it('keeps sources, whose path follows from their nar', async () => {
    await fs.mkdir(join(root, 'checkout/src'));
    const evaluated = await evaluate(recipes);
    const parsed = parseDerivation(
      await evaluated.backend.derivation(evaluated.job('prog-1.0').derivation),
    );
    const source = parsed.ok ? parsed.value.inputSources[0]! : '';
    const info = await evaluated.backend.pathInfo(source);
    expect(info).toMatchObject({ path: source, narSize: 96, references: [] });
    expect(info.ca).toBe(`fixed:r:${info.narHash}`);
  });

  it('gives the same derivations again, and other ones after a change', async () => {
    const first = await evaluate([
      { name: 'a', script: 'echo 1' },
      { name: 'b', script: ':' },
    ]);
    const same = await evaluate([
      { name: 'b', script: ':' },
      { name: 'a', script: 'echo 1' },
    ]);
    const other = await evaluate([
      { name: 'a', script: 'echo 2' },
      { name: 'b', script: ':' },
    ]);
    expect(same.job('a').derivation).toBe(first.job('a').derivation);
    expect(other.job('a').derivation).not.toBe(first.job('a').derivation);
    expect(other.job('b').derivation).toBe(first.job('b').derivation);
  });

  it('makes a recipe for each system, unless it names its own', async () => {
    const evaluated = await evaluate(
      [
        { name: 'all', script: ':' },
        { name: 'arm', system: 'aarch64-linux', inputs: ['all'], script: ':' },
      ],
      ['x86_64-linux', 'i686-linux'],
    );
    const jobs = evaluated.events.filter((event) => event.kind === 'job');
    expect(jobs.map((job) => `${job.name} ${job.system}`)).toEqual([
      'all x86_64-linux',
      'all i686-linux',
      'arm aarch64-linux',
    ]);
  });

  it('keeps the error of one job and goes on with the others', async () => {
    const evaluated = await evaluate([
      { name: 'lost', inputs: ['ghost'], script: ':' },
      { name: 'above', inputs: ['lost'], script: ':' },
      { name: 'bare', sources: ['nothing'], script: ':' },
      { name: 'fine', script: ':' },
    ]);
    expect(evaluated.errors()).toEqual([
      'lost: there is no recipe called ghost',
      'above: its input lost is broken: there is no recipe called ghost',
      'bare: the source nothing is not in the checkout',
    ]);
    expect(evaluated.job('fine')).toBeDefined();
  });

  it('never follows a link out of the checkout', async () => {
    await fs.writeFile(join(root, 'secret'), 'secret');
    await fs.symlink('..', join(root, 'checkout/up'));
    await fs.symlink('../secret', join(root, 'checkout/direct'));
    const evaluated = await evaluate([
      { name: 'a', sources: ['up/secret'], script: ':' },
      { name: 'b', sources: ['direct'], script: ':' },
    ]);
    expect(evaluated.errors()).toHaveLength(2);
  });

  it('ends with the line or the field when the file is malformed', async () => {
    const failing = evaluate('{ "recipes": [\n{ "name": "a", }\n] }');
    await expect(failing).rejects.toMatchObject({
      code: 'evaluator-failed',
      message: expect.stringMatching(/^farm\.json: line 2: /) as unknown,
    });
    await expect(evaluate([{ name: 'a' }])).rejects.toThrow('recipes[0].script: is missing');
  });
});
