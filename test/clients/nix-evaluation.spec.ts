/** Reading channels with the real `nix-instantiate`, in the sandbox. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { never } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import { sha256 } from '#formats/hash.js';
import { ModuloHashes, checkDerivation } from '#formats/derivation-paths.js';
import { parseDerivation } from '#formats/derivation.js';
import type {
  EvaluatedJob,
  EvaluationEvent,
  EvaluationRequest,
} from '#application/ports/backend.js';
import type { Selection } from '#domain/specification/selection.js';
import { NixEvaluation } from '#adapters/backends/nix/nix-evaluation.js';

// Real programs on a machine that may be busy.
jest.setTimeout(60_000);

let directory = '';
let backend: NixEvaluation;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nix-evaluation-'));
  backend = new NixEvaluation({ storeRoot: join(directory, 'store') });
});

afterAll(async () => {
  // What lies in a store is read-only, its directories too.
  execFileSync('chmod', ['-R', 'u+w', directory]);
  await rm(directory, { recursive: true, force: true });
});

const mk = `
  mk = name: more: derivation ({
    inherit name;
    system = "x86_64-linux";
    builder = "/bin/sh";
    args = [ "-c" "echo ${'$'}{name} > $out" ];
  } // more);
`;

interface Story {
  readonly files: Readonly<Record<string, string>>;
  readonly selection?: Selection;
  readonly systems?: readonly string[];
  readonly limits?: EvaluationRequest['limits'];
}

let channels = 0;

async function request(story: Story): Promise<EvaluationRequest> {
  const root = join(directory, `channel-${channels++}`);
  for (const [path, text] of Object.entries(story.files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const names = new Set(Object.keys(story.files).map((path) => path.split('/')[0] ?? ''));
  return {
    workDirectory: join(root, 'work'),
    checkouts: new Map([...names].map((name) => [name, join(root, name)])),
    channels: [],
    selection: story.selection ?? { file: 'release.nix' },
    systems: story.systems ?? ['x86_64-linux'],
    limits: story.limits ?? { timeoutSeconds: 60, memoryBytes: 2 ** 31 },
  };
}

async function gather(story: Story): Promise<{
  readonly jobs: EvaluatedJob[];
  readonly errors: Map<string, string>;
  readonly log: string;
}> {
  const events: EvaluationEvent[] = [];
  for await (const event of backend.evaluate(await request(story), never)) events.push(event);
  const jobs = events.filter((event) => event.kind === 'job');
  const errors = events.filter((event) => event.kind === 'job-error');
  const log = events.filter((event) => event.kind === 'log').map((event) => event.bytes);
  return {
    jobs,
    errors: new Map(errors.map((event) => [event.name, event.message])),
    log: Buffer.concat(log).toString('utf8'),
  };
}

function only(body: string): Story {
  return { files: { 'demo/release.nix': `{ ... }: let ${mk} in {\n${body}\n}` } };
}

const names = (jobs: readonly EvaluatedJob[]): string[] => jobs.map((job) => job.name);

describe('reading a channel with nix', () => {
  it('tells nested sets as jobs named by their attribute path', async () => {
    const { jobs, errors } = await gather(
      only(`
        a = mk "a" { }; nested.deeper.b = mk "b" { outputs = [ "out" "doc" ]; };
        nested.recurseForDerivations = true; nothing = null;
      `),
    );
    expect(names(jobs)).toEqual(['a', 'nested.deeper.b']);
    expect(errors.size).toBe(0);
    expect([...(jobs[1]?.outputs.keys() ?? [])].sort()).toEqual(['doc', 'out']);
    expect(jobs[1]?.outputs.get('doc')).toMatch(/^\/nix\/store\/[a-z0-9]{32}-b-doc$/);
  });

  it('writes derivations that own their paths, and sources with their hash', async () => {
    const story = only(`a = mk "a" { src = ./release.nix; text = builtins.toFile "t" "hello"; };`);
    const { jobs } = await gather(story);
    const path = jobs[0]?.derivation ?? '';
    const bytes = await backend.derivation(path);
    const parsed = parseDerivation(bytes);
    if (!parsed.ok) throw new Error(parsed.error.kind);
    const derivation = parsed.value;
    const modulo = new ModuloHashes();
    const dir = '/nix/store';
    expect(checkDerivation({ dir, path, bytes, derivation, modulo }).ok).toBe(true);
    const infos = await Promise.all(derivation.inputSources.map((p) => backend.pathInfo(p)));
    expect(infos.map((info) => info.ca?.replace(/:[^:]*$/, '')).sort()).toEqual([
      'fixed:r:sha256',
      'text:sha256',
    ]);
    for (const info of infos) {
      const nar: Uint8Array[] = [];
      for await (const piece of backend.narOf(info.path)) nar.push(piece);
      expect(Buffer.concat(nar).length).toBe(info.narSize);
      expect(sha256(Buffer.concat(nar)).length).toBe(32);
    }
  });

  it('tells the references of a text that names another path', async () => {
    const { jobs } = await gather(
      only(`a = mk "a" { t = builtins.toFile "t" "see ${'$'}{builtins.toFile "u" "v"}"; };`),
    );
    const parsed = parseDerivation(await backend.derivation(jobs[0]?.derivation ?? ''));
    const source = parsed.ok ? parsed.value.inputSources.find((path) => path.endsWith('-t')) : '';
    const info = await backend.pathInfo(source ?? '');
    expect(info.references).toEqual([expect.stringMatching(/-u$/)]);
  });

  it('refuses a path that leaves the store', async () => {
    for (const path of ['/etc/passwd', '/nix/store/../../etc/passwd', '/nix/store/x']) {
      await expect(backend.pathInfo(path)).rejects.toMatchObject({ code: 'corrupt-data' });
      await expect(backend.derivation(path)).rejects.toBeInstanceOf(FarmFault);
    }
  });

  it('passes channels and systems by name, only those asked for', async () => {
    const { jobs, errors } = await gather({
      files: {
        'demo/release.nix': `{ tools, system ? "none", extra ? 1 }: (import tools).make system`,
        'tools/default.nix': `let ${mk} in {
          make = system: {
            a = mk "a" { inherit system; }; b = mk "b" { system = "riscv64-linux"; }; };
        }`,
      },
      systems: ['x86_64-linux', 'aarch64-linux'],
    });
    expect([...errors]).toEqual([]);
    expect(jobs.map((job) => `${job.name} ${job.system}`)).toEqual([
      'a x86_64-linux',
      'b riscv64-linux',
      'a aarch64-linux',
    ]);
  });

  it('follows an attribute, also to a single job', async () => {
    const files = { 'demo/all.nix': `let ${mk} in { x.y.z = mk "z" { }; x.w = mk "w" { }; }` };
    const set = await gather({ files, selection: { file: 'all.nix', attribute: 'x.y' } });
    expect(names(set.jobs)).toEqual(['z']);
    const job = await gather({ files, selection: { file: 'all.nix', attribute: 'x.w' } });
    expect(names(job.jobs)).toEqual(['w']);
  });

  it('keeps what a job says of itself, and its limits', async () => {
    const { jobs } = await gather(
      only(`a = mk "a" { } // { meta = {
        description = "An \\"a\\""; license = { spdxId = "MIT"; free = true; };
        maintainers = [ { email = "a@example.org"; } ];
        timeout = 120; maxSilent = 30; schedulingPriority = 5; platforms = [ "x" ]; }; };`),
    );
    expect(jobs[0]?.limits).toEqual({ timeoutSeconds: 120, maxSilentSeconds: 30 });
    expect(jobs[0]?.meta).toEqual({
      description: 'An "a"',
      license: { spdxId: 'MIT', free: true },
      maintainers: [{ email: 'a@example.org' }],
      timeout: 120,
      maxSilent: 30,
      schedulingPriority: 5,
    });
  });

  it('leaves the path of a floating output open', async () => {
    const { jobs } = await gather(
      only(`a = mk "a" { __contentAddressed = true; outputHashMode = "recursive";
        outputHashAlgo = "sha256"; };`),
    );
    expect(jobs[0]?.outputs).toEqual(new Map([['out', null]]));
  });
});

describe('errors of a channel', () => {
  it('keeps each kind of error with its job and goes on after it', async () => {
    const { jobs, errors, log } = await gather(
      only(`
        a = mk "a" { };
        b = throw "b is broken";
        c = assert 1 == 2; mk "c" { };
        d = mk "d" { x = 1 + "text"; };
        e = abort "e gives up";
        f = let x = x; in x;
        g = let f = n: 1 + f (n + 1); in mk "g" { x = f 0; };
        h = mk "h" { x = throw "deep in h"; };
        i = 5;
        j = import (derivation { name = "j"; system = "x86_64-linux"; builder = "/bin/sh"; });
        k."with.dot" = mk "k" { };
        l = { type = "derivation"; out.outPath = "/nix/store";
          drvPath = "/etc/passwd"; system = "x"; };
        z = builtins.trace "hello from z" (mk "z" { });
      `),
    );
    expect(names(jobs)).toEqual(['a', 'z']);
    expect(errors.get('b')).toContain('b is broken');
    expect(errors.get('c')).toContain('assertion');
    expect(errors.get('d')).toContain('cannot add');
    expect(errors.get('e')).toContain('e gives up');
    expect(errors.get('f')).toContain('infinite recursion');
    expect(errors.get('g')).toContain('stack overflow');
    expect(errors.get('h')).toContain('deep in h');
    expect(errors.get('i')).toContain('is a int, neither a job');
    expect(errors.get('j')).toContain('import-from-derivation');
    expect(errors.get('k.with.dot')).toContain('name');
    expect(errors.get('l')).toContain('drvPath');
    expect(errors.size).toBe(11);
    expect(log).toContain('trace: hello from z');
    expect(errors.get('b')).not.toContain('/checkouts/');
  });

  it('says in the words of nix why a file does not evaluate at all', async () => {
    const broken = gather({ files: { 'demo/release.nix': '{ a = ; }' } });
    await expect(broken).rejects.toMatchObject({
      code: 'evaluator-failed',
      message: expect.stringContaining('syntax error'),
    });
    const missing = gather({ files: { 'demo/other.nix': '{}' } });
    await expect(missing).rejects.toMatchObject({ code: 'evaluator-failed' });
    const alien = gather({ files: { 'demo/release.nix': '{ foo }: { }' } });
    await expect(alien).rejects.toMatchObject({ message: expect.stringContaining("'foo'") });
    const attribute = { file: 'release.nix', attribute: 'a.b' };
    const none = gather({ files: { 'demo/release.nix': '{ }' }, selection: attribute });
    await expect(none).rejects.toMatchObject({ message: expect.stringContaining("'a.b'") });
  });

  it('stops when canceled', async () => {
    const controller = new AbortController();
    const story = only(`a = mk "a" { }; b = let f = n: f (n + 1); in f 0;`);
    const seen: string[] = [];
    const run = async (): Promise<void> => {
      for await (const event of backend.evaluate(await request(story), controller.signal)) {
        seen.push(event.kind);
        controller.abort();
      }
    };
    await expect(run()).rejects.toMatchObject({ code: 'canceled' });
    expect(seen).toEqual(['job']);
  });
});

describe('a large channel', () => {
  it('evaluates 10,000 jobs in seconds, one of them broken for few more', async () => {
    const channel = (bad: string): Story => ({
      files: {
        'demo/release.nix': `let ${mk}
          jobs = builtins.listToAttrs (builtins.genList (i: {
            name = "job-${'$'}{toString i}";
            value = mk "job-${'$'}{toString i}" {
              deps = if i < 2 then [ ]
                else map (n: jobs."job-${'$'}{toString n}") [ (i / 2) (i / 3) ];
            };
          }) 10000);
        in jobs // { ${bad} }`,
      },
    });
    const seconds: number[] = [];
    for (const bad of ['', 'job-5000-bad = mk "bad" { x = 1 + "text"; };']) {
      const start = performance.now();
      const { jobs, errors } = await gather(channel(bad));
      seconds.push((performance.now() - start) / 1000);
      expect(jobs.length).toBe(10_000);
      expect(errors.size).toBe(bad === '' ? 0 : 1);
    }
    process.stderr.write(
      `10,000 jobs evaluated in ${seconds.map((s) => s.toFixed(2)).join(', ')} s\n`,
    );
    expect(Math.max(...seconds)).toBeLessThan(60);
  }, 120_000);
});
