/**
 * The house's own rules, held against the tree; and against a tree with one fault of each kind
 * planted, since a checker that never fails says nothing.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { importFaults } from './tidy/import-rules.js';
import { compileWith } from './tidy/pure-compile.js';
import { rooms } from './tidy/rooms.js';
import { secrecyFaults } from './tidy/secrecy-rules.js';
import { shapeFaults } from './tidy/shape-rules.js';
import { listFiles, readSources, type Fault } from './tidy/source-tree.js';
import { nameFaults, tasteFaults } from './tidy/taste-rules.js';

const root = process.cwd();

function told(faults: readonly Fault[]): string[] {
  return faults.map((fault) => `${fault.path}:${fault.line} ${fault.message}`);
}

describe('the house', () => {
  const sources = readSources(root);

  it('is looked at, room by room', () => {
    expect(sources.length).toBeGreaterThan(100);
    const empty = rooms.filter(({ room }) => !sources.some((s) => s.path.startsWith(`${room}/`)));
    expect(empty.map(({ room }) => room)).toEqual([]);
  });

  it('imports only what the table of rooms allows', () => {
    expect(told(importFaults(sources))).toEqual([]);
  });

  it('keeps files, functions, lines and ports small', () => {
    expect(told(shapeFaults(sources))).toEqual([]);
  });

  it('keeps to its words, names and constructs', () => {
    expect(told(nameFaults(sources.map((source) => source.path)))).toEqual([]);
    expect(told(tasteFaults(sources))).toEqual([]);
  });

  it('names neither the place where it was written nor a registry', () => {
    const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
    const files = tracked.split('\0').filter((path) => path !== '' && isText(join(root, path)));
    expect(files.length).toBeGreaterThan(100);
    const texts = files.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
    expect(told(secrecyFaults(texts))).toEqual([]);
  });

  it('compiles its pure rooms without process, timers or Node', () => {
    const { files, faults } = compileWith(root, 'tsconfig.pure.json');
    expect(files).toBeGreaterThan(10);
    expect(told(faults)).toEqual([]);
  });

  it('compiles what browsers run with the browser alone', () => {
    const { files, faults } = compileWith(root, 'tsconfig.client.json');
    expect(files).toBeGreaterThan(2);
    expect(told(faults)).toEqual([]);
  });
});

function isText(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  return status?.isFile() === true && status.size < 2_000_000 && !path.includes('/fixtures/');
}

/** Each with the words by which it must be found. */
const planted: readonly { path: string; text: string; found: RegExp }[] = [
  {
    path: 'libs/std/reach.ts',
    text: "import '#domain/ids.js';",
    found: /may not import libs\/domain/,
  },
  { path: 'libs/std/disk.ts', text: "import 'node:fs';", found: /may not import node:fs/ },
  {
    path: 'libs/domain/lazy.ts',
    text: "export const x = import('#adapters/git/mirror.js');",
    found: /libs\/domain may not import libs\/adapters\/git/,
  },
  {
    path: 'libs/adapters/git/queue.ts',
    text: "import { Queue } from 'bullmq';\nexport const q = Queue;",
    found: /may not import bullmq/,
  },
  {
    path: 'libs/adapters/git/rows.ts',
    text: "export * from '../postgres/database.js';",
    found: /git may not import libs\/adapters\/postgres/,
  },
  {
    path: 'libs/adapters/backends/nix/borrow.ts',
    text: "export * from '../local/store.js';",
    found: /may not import libs\/adapters\/backends\/local/,
  },
  {
    path: 'libs/application/ports/backwards.ts',
    text: "export * from '../claim-build.js';",
    found: /a port may not import a use case/,
  },
  {
    path: 'apps/worker/rows.ts',
    text: "export * from '#adapters/postgres/database.js';",
    found: /apps\/worker may not import/,
  },
  { path: 'libs/nowhere/x.ts', text: 'export const x = 1;', found: /lies in no room/ },
  { path: 'libs/std/wide.ts', text: `// ${'x'.repeat(100)}`, found: /characters wide/ },
  { path: 'libs/std/long.ts', text: '\n'.repeat(401), found: /has 40. lines/ },
  {
    path: 'libs/std/tall.ts',
    text: `export function tall(): void {${'\n'.repeat(75)}}`,
    found: /a function of 76 lines/,
  },
  {
    path: 'libs/std/greedy.ts',
    text: 'export const f = (a: 1, b: 2, c: 3, d: 4) => [a, b, c, d];',
    found: /takes 4 parameters/,
  },
  {
    path: 'libs/application/ports/large.ts',
    text: `export interface Large {\n${[...'abcdefghi'].map((m) => `${m}(): void;`).join('\n')}\n}`,
    found: /a port of 9 methods/,
  },
  { path: 'libs/std/utils.ts', text: 'export const x = 1;', found: /says nothing/ },
  { path: 'libs/std/common/x.ts', text: 'export const x = 1;', found: /says nothing/ },
  { path: 'libs/std/CamelCase.ts', text: 'export const x = 1;', found: /kebab-case/ },
  { path: 'libs/std/build-runner.ts', text: 'export const x = 1;', found: /word that is not ours/ },
  { path: 'libs/std/word.ts', text: 'export class JobRunner {}', found: /declares JobRunner/ },
  { path: 'libs/std/sum.ts', text: 'export enum Sum { A }', found: /an enum/ },
  { path: 'libs/std/default.ts', text: 'export default function f(): void {}', found: /default/ },
  { path: 'libs/domain/dec.ts', text: '@Injectable()\nexport class D {}', found: /a decorator/ },
  { path: 'libs/domain/now.ts', text: 'export const n = Date.now();', found: /reads the clock/ },
  {
    path: 'libs/application/now.ts',
    text: 'export const n = new Date();',
    found: /reads the clock/,
  },
  {
    path: 'apps/cli/shell.ts',
    text: "import { spawn } from 'node:child_process';\nspawn('x', { shell: true });",
    found: /runs a shell/,
  },
  {
    path: 'apps/cli/exec.ts',
    text: "import { exec } from 'node:child_process';\nexec('x');",
    found: /imports exec/,
  },
  { path: 'libs/std/later.ts', text: `// ${'TO'}${'DO'}: later`, found: /left unfinished/ },
  { path: 'libs/std/mute.ts', text: 'export const x = 1;', found: /does not begin by saying/ },
  { path: 'libs/std/nap.spec.ts', text: 'setTimeout(() => 1, 10);', found: /a test that sleeps/ },
  { path: 'libs/std/skip.spec.ts', text: "it.skip('x', () => 1);", found: /uses it.skip/ },
  { path: 'docs/where.md', text: `see /wo${'rk'}/main`, found: /a place that it must not name/ },
  { path: 'libs/domain/env.ts', text: 'export const e = process.env;', found: /name 'process'/ },
  { path: 'libs/views/client/p.ts', text: 'export const e = process.env;', found: /'process'/ },
  {
    path: 'libs/views/client/q.ts',
    text: "import '#domain/ids.js';",
    found: /client may not import/,
  },
  { path: 'libs/application/t.ts', text: 'setTimeout(() => 1, 1);', found: /name 'setTimeout'/ },
];

describe('the rules of the house', () => {
  let tree: string;
  let faults: string[];

  beforeAll(() => {
    tree = mkdtempSync(join(tmpdir(), 'gambeson-tidy-'));
    for (const { path, text } of planted) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), `${text}\n`);
    }
    for (const name of ['tsconfig.json', 'tsconfig.pure.json', 'tsconfig.client.json']) {
      cpSync(join(root, name), join(tree, name));
    }
    const sources = readSources(tree);
    const texts = planted.map(({ path, text }) => ({ path, text }));
    faults = told([
      ...importFaults(sources),
      ...shapeFaults(sources),
      ...nameFaults(listFiles(tree)),
      ...tasteFaults(sources),
      ...secrecyFaults(texts),
      ...compileWith(tree, 'tsconfig.pure.json').faults,
      ...compileWith(tree, 'tsconfig.client.json').faults,
    ]);
  });

  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  it.each(planted)('find the fault planted in $path', ({ path, found }) => {
    const here = faults.filter((fault) => fault.startsWith(`${path}:`));
    expect(here.filter((fault) => found.test(fault))).not.toEqual([]);
  });
});
