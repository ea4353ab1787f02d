/** Specifications at random, as the REST API takes them, for properties that hold of all. */
import fc from 'fast-check';
import { keptUnlessTold } from '#domain/retention/kept-evaluations.js';
import { guixSets, packFormats } from '#domain/specification/selection.js';
import { SpecificationInput } from '#protocol/specification.js';

const hexadecimal = fc.constantFrom(...'0123456789abcdef');
const revision = fc
  .array(hexadecimal, { minLength: 40, maxLength: 40 })
  .map((digits) => digits.join(''));
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/);
const path = fc.stringMatching(/^[a-z"\\ é]{1,8}(\/[a-z0-9;#|]{1,5})?$/);
const seconds = fc.integer({ min: 1, max: 30 * 24 * 3600 });

const channel = fc.record(
  {
    name,
    url: fc.webUrl({ withQueryParameters: true }),
    branch: fc.stringMatching(/^[A-Za-z0-9_+=%#!,]{1,9}(\/[a-z]{1,5})?$/),
    commit: revision,
    introduction: fc.record({
      commit: revision,
      fingerprint: revision.map((digits) => digits.toUpperCase()),
    }),
    credential: name,
  },
  { requiredKeys: ['name', 'url', 'branch'], noNullPrototype: true },
);

const names = fc.array(name, { minLength: 1, maxLength: 4 });
const guixSelection = fc.oneof(
  fc.constantFrom(...guixSets).map((set) => ({ set })),
  names.map((packages) => ({ packages: packages.map((one) => `${one}@1.2~rc1`) })),
  names.map((channels) => ({ channels })),
  fc.array(path, { minLength: 1, maxLength: 3 }).map((manifests) => ({ manifests })),
  names.map((words) => ({ custom: [words.join(' '), '2 @x `a'] })),
  fc
    .record({ manifest: path, formats: fc.subarray([...packFormats], { minLength: 1 }) })
    .map((packs) => ({ packs })),
);

const notification = fc.oneof(
  fc.constant({ type: 'mastodon' as const }),
  fc.record(
    { type: fc.constant('webhook' as const), url: fc.webUrl(), secret: name },
    { requiredKeys: ['type', 'url'], noNullPrototype: true },
  ),
  fc.record(
    {
      type: fc.constant('email' as const),
      from: fc.constantFrom('ci@example.org', 'ü"\\@example.org'),
      to: fc.emailAddress(),
      server: fc.constantFrom('sendmail:///bin/mail', 'smtp://mail.example.org:25'),
    },
    { noNullPrototype: true },
  ),
);

const buildOutput = fc.record(
  {
    job: fc.constantFrom('image\\.x86', '^a(b|c)+"?$', '.*'),
    type: name,
    output: fc.constantFrom('out', 'doc'),
    path: fc.oneof(fc.constant(''), path),
  },
  { noNullPrototype: true },
);

/** Each is what the schema makes of itself. */
export const specificationInputs: fc.Arbitrary<SpecificationInput> = fc
  .record(
    {
      name,
      backend: fc.constantFrom('guix' as const, 'nix' as const, 'local' as const),
      channels: fc.uniqueArray(channel, {
        ...{ minLength: 1, maxLength: 3, selector: (one) => one.name },
      }),
      guix: guixSelection,
      file: fc.record(
        { file: path, attribute: fc.constantFrom('a', "a.b'c.d_1-2") },
        { requiredKeys: ['file'], noNullPrototype: true },
      ),
      ofFirstChannel: fc.boolean(),
      systems: fc.subarray(['x86_64-linux', 'i586-gnu', 'riscv64-linux'], { minLength: 1 }),
      priority: fc.integer({ min: 0, max: 9 }),
      period: fc.constantFrom(0, 300, 604_800),
      share: fc.constantFrom(1, 100, 1_000_000),
      maxRunning: fc.integer({ min: 1, max: 9 }),
      limits: fc.record(
        { timeoutSeconds: seconds, maxSilentSeconds: seconds },
        { requiredKeys: [], noNullPrototype: true },
      ),
      active: fc.boolean(),
      superseded: fc.constantFrom('keep' as const, 'cancel' as const),
      trust: fc.constantFrom('trusted' as const, 'untrusted' as const),
      keep: fc.constantFrom(1, keptUnlessTold, 10_000),
      buildOutputs: fc.array(buildOutput, { maxLength: 2 }),
      notifications: fc.array(notification, { maxLength: 3 }),
    },
    {
      noNullPrototype: true,
      requiredKeys: [
        ...(['name', 'backend', 'channels', 'guix', 'file', 'ofFirstChannel', 'systems'] as const),
        ...(['priority', 'period', 'share', 'limits', 'active', 'superseded', 'keep'] as const),
      ],
    },
  )
  .map(({ guix, file, ofFirstChannel, ...rest }) => {
    const first = rest.channels[0]?.name;
    const selection =
      rest.backend === 'guix' ? guix : { ...file, ...(ofFirstChannel ? { channel: first } : {}) };
    return SpecificationInput.safeParse({ ...rest, selection });
  })
  .filter((parsed) => parsed.success)
  .map((parsed) => parsed.data);
