import { describe, expect, it } from '@jest/globals';
import type { Channel } from '#domain/specification/specification.js';
import { never } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import { lookAtChannels, type LookParts } from './look-at-channels.js';

const introduction = { commit: 'a'.repeat(40), fingerprint: 'F'.repeat(40) };

function url(name: string): string {
  return `https://example.org/${name}.git`;
}

function named(name: string, more: Partial<Channel> = {}): Channel {
  return { name, url: url(name), branch: 'main', ...more };
}

/** `(channel …)` of a dependency. */
function needs(name: string, more = ''): string {
  return `(channel (name ${name}) (url "${url(name)}") ${more})`;
}

/** Addresses → the `.guix-channel` there; null: it cannot be fetched. */
function farmOf(files: Readonly<Record<string, string | null>>) {
  const fetched: string[] = [];
  const source: LookParts['source'] = {
    fetch: async (channel) => {
      fetched.push(channel.url);
      const name = channel.name;
      if (files[name] === null) throw new FarmFault('fetch-failed', `${name} is away`);
      return channel.commit ?? `head-of-${name}`;
    },
    isAncestor: async () => true,
    readText: async ({ name }) => {
      const listed = files[name] ?? '';
      if (listed === '') return null;
      return listed.startsWith('!') ? listed : `(channel (version 0) (dependencies ${listed}))`;
    },
  };
  const parts: LookParts = { source, cancellation: never, before: new Map() };
  const look = (...channels: Channel[]) => lookAtChannels(parts, { backend: 'guix', channels });
  return { look, fetched, parts };
}

describe('the channels that a Guix channel pulls in', () => {
  it('are looked at too, and theirs, and told by whom', async () => {
    const { look } = farmOf({ mine: needs('deep'), deep: needs('deeper', '(branch "next")') });
    expect(await look(named('guix', { introduction }), named('mine'))).toMatchObject([
      { channel: 'guix', introduction },
      { channel: 'mine', branch: 'main' },
      { channel: 'deep', via: 'mine', branch: 'master', revision: 'head-of-deep' },
      { channel: 'deeper', via: 'deep', branch: 'next' },
    ]);
  });

  it('are followed for Guix alone', async () => {
    const { parts } = farmOf({ mine: needs('deep') });
    const findings = await lookAtChannels(parts, { backend: 'nix', channels: [named('mine')] });
    expect(findings).toHaveLength(1);
  });

  it('end where they name one another', async () => {
    const { look, fetched } = farmOf({ one: needs('two'), two: needs('one') + needs('two') });
    const findings = await look(named('one'));
    expect(findings.map(({ channel }) => channel)).toEqual(['one', 'two']);
    expect(fetched).toHaveLength(2);
  });

  it('give way to what the specification names, unless they alone name a commit', async () => {
    const pin = `(commit "${'b'.repeat(40)}")`;
    const files = { mine: needs('guix') + needs('other', pin) + needs('third', pin) };
    const third = named('third', { commit: 'c'.repeat(40) });
    const findings = await farmOf(files).look(named('mine'), named('guix'), named('other'), third);
    expect(findings).toMatchObject([
      { channel: 'mine' },
      { channel: 'guix', branch: 'main', revision: 'head-of-guix' },
      { channel: 'other', branch: 'master', revision: 'b'.repeat(40), via: 'mine' },
      { channel: 'third', revision: 'c'.repeat(40) },
    ]);
    expect(findings[1]).not.toHaveProperty('via');
  });

  it('are the first of two rivals, as Guix goes down before it goes on', async () => {
    const rival = (branch: string): string => needs('rival', `(branch "${branch}")`);
    const { look } = farmOf({ one: needs('deep'), deep: rival('a'), two: rival('b') });
    const findings = await look(named('one'), named('two'));
    expect(findings.at(-1)).toMatchObject({ channel: 'rival', branch: 'a', via: 'deep' });
  });

  it('that cannot be fetched are told like any other', async () => {
    const { look } = farmOf({ mine: needs('away'), away: null });
    expect(await look(named('mine'))).toMatchObject([
      { kind: 'found', channel: 'mine' },
      { kind: 'failed', channel: 'away', via: 'mine', code: 'fetch-failed' },
    ]);
  });

  it.each([
    ['!(guix)', '.guix-channel:1:1: write (channel (version 0) …)'],
    [
      '(channel (name x) (url "/etc"))',
      'mine needs the channel x, whose address is no https, http, ssh, git or file address',
    ],
    [
      '(channel (name x) (url "file:///srv/secret.git"))',
      'mine needs the channel x, whose address lies on this machine',
    ],
  ])('are a fault of the channel that says %s', async (file, message) => {
    const { look, fetched } = farmOf({ mine: file });
    const failed = { kind: 'failed', channel: 'mine', code: 'corrupt-data', message };
    expect(await look(named('mine'))).toMatchObject([failed]);
    expect(fetched).toHaveLength(1);
  });

  it('are of public hosts alone where anybody may write', async () => {
    const { parts } = farmOf({ mine: '(channel (name x) (url "http://10.0.0.1/x"))' });
    const specification = { backend: 'guix', channels: [named('mine')] } as const;
    const [trusted] = await lookAtChannels(parts, specification);
    const [untrusted] = await lookAtChannels(parts, { ...specification, trust: 'untrusted' });
    expect([trusted?.kind, untrusted?.kind]).toEqual(['found', 'failed']);
  });

  it('are no more than the farm will follow', async () => {
    const many = (from: number): string =>
      Array.from({ length: 40 }, (_, at) => needs(`c${from + at}`)).join('');
    const { look, fetched } = farmOf({ mine: many(0), c0: many(100) });
    const findings = await look(named('mine'));
    expect(fetched.length).toBeLessThanOrEqual(64);
    expect(findings.find(({ kind }) => kind === 'failed')).toMatchObject({
      message: 'more than 64 channels pull in one another',
    });
  });
});
