/** `gambeson spec …` against a real api: files of every kind go in, and come out the same. */
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { GitChannels } from '#adapters/git/git-channels.js';
import { PostgresFollowedRepositories } from '#adapters/postgres/followed-repositories.js';
import { PostgresStoreRegistry } from '#adapters/postgres/store-registry.js';
import { readSpecificationFiles } from '#adapters/specification-files/specification-file.js';
import type { RepositoryAnswer } from '#protocol/api/repository.js';
import { answered } from '#testkit/eventually.js';
import { ScenarioChannel } from '#testkit/scenario-channel.js';
import { FollowLoop } from '../../apps/evaluator/follow-loop.js';
import { specCommand } from '../../apps/cli/spec/spec-command.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';

const fixtures = new URL('../fixtures/specifications/', import.meta.url).pathname;
let farm: ApiFarm;
let directory: string;

beforeAll(async () => {
  farm = await startApiFarm();
  directory = await mkdtemp(join(tmpdir(), 'gambeson-specifications-'));
  await cp(join(fixtures, 'examples'), join(directory, 'examples'), { recursive: true });
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await rm(directory, { recursive: true, force: true });
});

interface Told {
  readonly out: string;
  readonly errors: string;
  readonly status: number;
}

async function spec(...words: string[]): Promise<Told> {
  const told = { out: '', errors: '' };
  const listen = (stream: 'out' | 'errors') => (text: unknown) => {
    told[stream] += String(text);
    return true;
  };
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(listen('out')),
    jest.spyOn(process.stderr, 'write').mockImplementation(listen('errors')),
  ];
  const { adminTokenFile } = farm.parts.settings;
  const reached = ['--farm', farm.address, '--admin-token-file', adminTokenFile];
  try {
    await specCommand().parseAsync(['node', 'gambeson', ...words, ...reached]);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  const status = Number(process.exitCode ?? 0);
  process.exitCode = 0;
  return { ...told, status };
}

async function versions(): Promise<Record<string, string>> {
  const { items } = JSON.parse((await spec('list', '--json')).out) as {
    items: { name: string; version: number; managedBy: string | null }[];
  };
  return Object.fromEntries(
    items.map(({ name, version, managedBy }) => [name, `${version} ${managedBy}`]),
  );
}

async function write(name: string, text: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

describe('specification files of every kind', () => {
  it('applied, exported in any format and applied again make no difference', async () => {
    const examples = join(directory, 'examples');
    const planned = await spec('apply', examples, '--dry-run');
    expect(planned.out).toContain('+ my-core-manifest\n');
    expect(await versions()).toEqual({});
    const applied = await spec('apply', examples);
    expect(applied).toMatchObject({ errors: '', status: 0 });
    expect(applied.out).toMatch(/Applied\.\n$/);
    const made = await versions();
    expect(Object.keys(made)).toHaveLength(23);
    expect(new Set(Object.values(made))).toEqual(new Set(['1 file:examples']));
    expect((await spec('apply', examples)).out).toBe('23 without a difference\nNo difference.\n');
    for (const format of ['scm', 'json', 'yaml']) {
      const text = (await spec('export', '--format', format)).out;
      const again = await spec('apply', await write(`examples.${format}`, text), '--prune');
      expect(again.out).toBe('23 without a difference\nNo difference.\n');
    }
    expect(await versions()).toEqual(made);
  }, 30_000);

  it('are applied not at all when any of them has a fault', async () => {
    const before = await versions();
    const broken = join(directory, 'broken');
    await cp(join(fixtures, 'malformed'), broken, { recursive: true });
    await writeFile(join(broken, '00-good.scm'), '(list (specification (name "good")))');
    const told = await spec('apply', broken, '--prune');
    expect(told).toMatchObject({ out: '', status: 2 });
    for (const name of await readdir(join(fixtures, 'malformed'))) {
      expect(told.errors).toMatch(new RegExp(`${name.replaceAll('.', '\\.')}:\\d+:\\d+: `));
    }
    expect(await versions()).toEqual(before);
  });

  it('show what differs, field by field', async () => {
    const text = '(list (specification (name "small") (build (quote hello)) (priority 5)))';
    const file = await write('small.scm', text);
    await spec('apply', file);
    await write('small.scm', text.replace('5', '3').replace('hello', 'core'));
    const told = await spec('apply', file, '--dry-run');
    expect(told.out).toBe(
      '~ small\n    selection.set: "hello" → "core"\n    priority: 5 → 3\n' +
        'This was a dry run: nothing was applied.\n',
    );
    expect((await versions())['small']).toBe('1 file:small');
    await spec('apply', file);
    expect((await versions())['small']).toBe('2 file:small');
  });
});

describe('what a file keeps', () => {
  it('is archived by --prune once the file names it no more, and nothing else is', async () => {
    const two = '(list (specification (name "one")) (specification (name "two")))';
    const file = await write('pair.scm', two);
    await spec('apply', file);
    const before = await versions();
    await write('pair.scm', '(list (specification (name "one")))');
    expect((await spec('apply', file)).out).toBe('1 without a difference\nNo difference.\n');
    expect((await spec('apply', file, '--prune', '--dry-run')).out).toContain('- two\n');
    await spec('apply', file, '--prune');
    const { two: _, ...kept } = before;
    expect(await versions()).toEqual(kept);
  });

  it('is taken over by no other file, unless told to', async () => {
    const text = '(list (specification (name "owned")) (specification (name "mine")))';
    await spec('apply', await write('owner.scm', '(list (specification (name "owned")))'));
    const thief = await write('thief.scm', text);
    const refused = await spec('apply', thief);
    expect(refused.out).toContain('! owned is kept by the file owner: --adopt takes it over\n');
    expect(refused).toMatchObject({ status: 5 });
    expect((await versions())['mine']).toBeUndefined();
    expect((await spec('apply', thief, '--adopt')).out).toContain('until now by the file owner');
    expect(await versions()).toMatchObject({ owned: '1 file:thief', mine: '1 file:thief' });
  });

  it('is edited by others on purpose alone, and the next application tells it', async () => {
    const file = await write('kept.scm', '(list (specification (name "kept")))');
    await spec('apply', file);
    await expect(spec('pause', 'kept')).rejects.toThrow(
      /is kept by the file kept: change it there/,
    );
    await expect(spec('remove', 'kept')).rejects.toThrow(/is kept by the file kept/);
    expect((await spec('pause', 'kept', '--force')).out).toContain('paused, kept by the file kept');
    expect((await spec('apply', file)).out).toContain('    active: false → true\n');
    expect((await spec('show', 'kept')).out).toContain('selection:\n    set: all\n');
    expect((await spec('release', 'kept')).out).toBe('kept  guix: all, version 3\n');
    await spec('remove', 'kept');
    expect((await versions())['kept']).toBeUndefined();
  });

  it('keeps its password when it comes back without', async () => {
    const channel = '(channel (name (quote a)) (url "https://me:secret@example.org/a.git"))';
    const text = `(list (specification (name "private") (channels (list ${channel}))))`;
    const file = await write('private.scm', text);
    await spec('apply', file);
    expect((await spec('apply', file)).out).toContain('No difference.');
    const exported = (await spec('export', 'private')).out;
    expect(exported).toContain('me:***@');
    const again = await spec('apply', await write('private.scm', exported));
    expect(again.out).toContain('No difference.');
    await spec('apply', await write('private.scm', text.replace('secret', 'other')));
    expect((await versions())['private']).toBe('2 file:private');
  });

  it('is not named by an empty directory, which would archive all of it', async () => {
    await mkdir(join(directory, 'empty'));
    const told = spec('apply', join(directory, 'empty'), '--prune');
    await expect(told).rejects.toThrow(/holds no file/);
  });
});

describe('a followed repository', () => {
  let repository: ScenarioChannel;
  let loop: FollowLoop;
  const text = '(list (specification (name "followed")) (specification (name "second")))';

  beforeAll(async () => {
    repository = await ScenarioChannel.create(join(directory, 'farm.git'));
    await repository.commitFiles({ 'farm.scm': text, 'more.yaml': '[]' });
    const { bus, timers, database, specifications } = farm.parts;
    const follow = {
      ...{ bus, timers, specifications, pollSeconds: 3600 },
      repositories: new PostgresFollowedRepositories(database),
      source: new GitChannels({ directory: join(directory, 'mirrors') }),
      read: readSpecificationFiles,
      stores: new PostgresStoreRegistry(database),
    };
    loop = new FollowLoop({ follow, bus, tickSeconds: 3600 }, new Logger('evaluator'));
    await loop.start();
  }, 30_000);
  afterAll(async () => {
    await loop?.stop();
  });

  /** What the farm tells of it, once it was looked at and `holds`. */
  function told(holds: (one: RepositoryAnswer) => boolean): Promise<RepositoryAnswer> {
    return answered('the repository was looked at', async () => {
      const { items } = JSON.parse((await spec('followed', '--json')).out) as {
        items: RepositoryAnswer[];
      };
      return items.find((one) => one.name === 'farm' && holds(one)) ?? null;
    });
  }

  async function push(files: Record<string, string>): Promise<string> {
    const revision = await repository.commitFiles(files);
    await spec('look', 'farm');
    return revision;
  }

  it('keeps its specifications from then on', async () => {
    await spec('follow', repository.url, '--file', 'farm.scm', '--name', 'farm');
    const first = await repository.revision();
    await told((one) => one.appliedRevision === first);
    expect(await versions()).toMatchObject({
      followed: '1 repository:farm',
      second: '1 repository:farm',
    });
    await expect(spec('pause', 'followed')).rejects.toThrow(/kept by the repository farm/);
    const theirs = await write('theirs.scm', '(list (specification (name "followed")))');
    expect((await spec('apply', theirs)).out).toContain('Nothing was applied.');
    const second = await push({ 'farm.scm': '(list (specification (name "followed") (keep 9)))' });
    await told((one) => one.appliedRevision === second);
    const after = await versions();
    expect(after['followed']).toBe('2 repository:farm');
    expect(after['second']).toBeUndefined();
  }, 30_000);

  it('loses nothing by a broken file, and tells its faults here and on the page', async () => {
    const before = await versions();
    const broken = await push({ 'farm.scm': '(list (specification\n (name "new")\n (color 1)))' });
    const { faults, appliedRevision } = await told((one) => one.revision === broken);
    expect(faults).toMatchObject([{ file: 'farm.scm', line: 3, column: 2 }]);
    expect(appliedRevision).not.toBe(broken);
    expect(await versions()).toEqual(before);
    const page = await (await fetch(`${farm.address}/specifications/followed`)).text();
    expect(page).toContain('farm.scm:3:2: specification has no field color');
    expect((await spec('followed')).out).toContain('\n    farm.scm:3:2: specification has no');
    const taken = await push({ 'farm.scm': '(list (specification (name "everything")))' });
    const { failure } = await told((one) => one.revision === taken && one.failure !== null);
    expect(failure).toContain('everything is kept by the file examples');
    expect(await versions()).toEqual(before);
  }, 30_000);

  it('lets go of its specifications when it is left', async () => {
    await spec('unfollow', 'farm');
    expect((await versions())['followed']).toBe('2 null');
    await expect(spec('unfollow', 'farm')).rejects.toThrow(/repository farm/);
  });

  it('holds up no other when it cannot be fetched', async () => {
    await spec('follow', 'file:///nowhere/at-all.git', '--name', 'away');
    await spec('follow', repository.url, '--file', 'more.yaml', '--name', 'farm');
    const revision = await repository.revision();
    await told((one) => one.appliedRevision === revision);
    expect((await spec('followed')).out).toMatch(/^away .* not applied yet\n {4}\S.*at-all\.git/m);
    await spec('unfollow', 'away');
  }, 30_000);

  it('has no password in its address', async () => {
    const url = 'https://me:secret@example.org/farm.git';
    await expect(spec('follow', url)).rejects.toThrow(/name a credential/);
  });
});
