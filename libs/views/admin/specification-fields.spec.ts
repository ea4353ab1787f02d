import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { guixSets, packFormats } from '#domain/specification/selection.js';
import type { Specification } from '#domain/specification/specification.js';
import { faultsOf } from '#protocol/api/problem.js';
import { SpecificationInput } from '#protocol/specification.js';
import { faultsInForm, fieldsOf, readFields } from './specification-fields.js';

const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/);
const revision = fc.stringMatching(/^[0-9a-f]{40}$/);
const optional = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(one, { nil: undefined });

const channel = fc.record(
  {
    name: word,
    url: word.map((one) => `https://example.org/${one}.git`),
    branch: word,
    commit: revision,
    introduction: fc.record({
      commit: revision,
      fingerprint: fc.stringMatching(/^[0-9A-F]{40}$/),
    }),
    credential: word,
  },
  { requiredKeys: ['name', 'url', 'branch'] },
);

const names = fc.array(word, { minLength: 1, maxLength: 4 });
const file = fc.record(
  { file: word, attribute: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_'-]{0,9}$/) },
  { requiredKeys: ['file'] },
);
const guixSelection = fc.oneof(
  fc.record({ set: fc.constantFrom(...guixSets) }),
  fc.record({ packages: names }),
  fc.record({ channels: names }),
  fc.record({ manifests: names }),
  fc.record({ custom: fc.array(fc.constantFrom('my-channel ci', 'other'), { minLength: 1 }) }),
  fc.record({
    packs: fc.record({
      manifest: word,
      formats: fc.subarray([...packFormats], { minLength: 1 }),
    }),
  }),
);

const rest = fc.record(
  {
    priority: fc.integer({ min: 0, max: 9 }),
    period: fc.integer({ min: 0, max: 600_000 }),
    share: fc.integer({ min: 1, max: 1_000_000 }),
    maxRunning: fc.integer({ min: 1, max: 1_000_000 }),
    limits: fc.record(
      { timeoutSeconds: fc.integer({ min: 1, max: 9999 }), maxSilentSeconds: fc.nat(99) },
      { requiredKeys: [] },
    ),
    active: fc.boolean(),
    superseded: fc.constantFrom('keep', 'cancel'),
    trust: fc.constantFrom('trusted', 'untrusted'),
    keep: fc.integer({ min: 1, max: 10_000 }),
    systems: fc.subarray(['x86_64-linux', 'aarch64-linux', 'i686-linux'], { minLength: 1 }),
    buildOutputs: fc.array(
      fc.record({ job: word, type: word, output: word, path: fc.oneof(word, fc.constant('')) }),
      { maxLength: 3 },
    ),
    notifications: fc.array(
      fc.oneof(
        fc.constant({ type: 'mastodon' as const }),
        fc.record({
          type: fc.constant('email' as const),
          from: fc.constant('farm@example.org'),
          to: word.map((one) => `${one}@example.org`),
          server: fc.constant('sendmail:///usr/sbin/sendmail'),
        }),
        fc.record(
          {
            type: fc.constant('webhook' as const),
            url: word.map((one) => `https://example.org/${one}`),
            secret: word,
          },
          { requiredKeys: ['type', 'url'] },
        ),
      ),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: ['priority', 'period', 'share', 'limits', 'active', 'systems', 'superseded'] },
);

const specification = fc
  .record({
    named: fc.tuple(word, fc.uniqueArray(channel, { minLength: 1, selector: (one) => one.name })),
    selected: fc.oneof(
      fc.tuple(fc.constantFrom('nix', 'local'), file),
      fc.tuple(fc.constant('guix'), guixSelection),
    ),
    rest,
    wanted: optional(fc.constant(true)),
  })
  .map(({ named: [name, channels], selected: [backend, selection], rest: more }) => {
    return { name, channels, backend, selection, ...more } as unknown as Specification;
  });

describe('the form of a specification', () => {
  it('loses no field of a document that goes through it', () => {
    fc.assert(
      fc.property(specification, (document) => {
        const values = new URLSearchParams(fieldsOf(document));
        const { document: read } = readFields(values, document);
        const wanted = { ...document, buildOutputs: document.buildOutputs?.map(withoutEmpty) };
        expect(read).toEqual(JSON.parse(JSON.stringify(wanted)));
      }),
      { numRuns: 300 },
    );
  });

  it('takes rows that were emptied or ticked off away, and tells faults at the right row', () => {
    const values = new URLSearchParams({
      ...{ name: 'demo', backend: 'nix', selection: 'file', 'selection.file': 'ci.nix' },
      ...{ 'channels.0.name': 'gone', 'channels.0.url': 'x', 'channels.0.remove': 'on' },
      ...{ 'channels.2.name': 'main', 'channels.2.url': 'ftp://example.org', priority: 'soon' },
      ...{ 'notifications.1.type': 'email', timeoutSeconds: '0' },
    });
    const read = readFields(values, null);
    expect(read.document).toMatchObject({ channels: [{ name: 'main' }], active: false });
    const checked = SpecificationInput.safeParse(read.document);
    const faults = faultsInForm(faultsOf(checked.error?.issues ?? []), read);
    const fields = faults.map(({ field }) => field);
    expect(fields).toEqual(
      expect.arrayContaining([
        ...['channels.2.url', 'priority', 'timeoutSeconds', 'systems', 'notifications.1.from'],
      ]),
    );
    expect(fields.some((field) => field.startsWith('channels.0'))).toBe(false);
  });
});

/** A path that is empty is the output itself, told or not. */
function withoutEmpty(row: { readonly path: string }): object {
  const { path, ...others } = row;
  return path === '' ? others : row;
}
