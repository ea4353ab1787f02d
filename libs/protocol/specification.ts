/** A specification as the REST API reads and writes it. Faults are told by JSON pointer. */
import { z } from 'zod';
import { patternFault } from '#domain/build/build-product.js';
import { readMailer } from '#domain/notification/mailer-address.js';
import { keptUnlessTold } from '#domain/retention/kept-evaluations.js';
import { guixSets, isFileSelection, packFormats } from '#domain/specification/selection.js';
import { supersededPolicies, trusts } from '#domain/specification/specification.js';

/** The grammar of names that appear in addresses and file names. */
export const ResourceName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, dot, dash, underscore; at most 63');

/** A git revision: 40 hexadecimal digits (or 64, for SHA-256 repositories). */
export const Revision = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, 'a full git revision');

/**
 * A channel's address: https, http, ssh, git or file; never an option, never a remote helper such
 * as `ext::`. Whether `file:` and plain paths are welcome is the farm's setting.
 */
export const ChannelUrl = z
  .string()
  .max(2048)
  .regex(
    /^(https?|ssh|git|file):\/\/[^\s\0-\x1f-][^\s\0-\x1f]*$/,
    'an https, http, ssh, git or file address',
  );

/** A branch: git's own reference grammar, narrowed. */
export const Branch = z
  .string()
  .max(255)
  .regex(
    /^(?!-)(?!.*(\.\.|@\{|\/\/|\.lock(\/|$)))[A-Za-z0-9_+=%#!,.@-]+(\/[A-Za-z0-9_+=%#!,.@-]+)*$/,
    'a git branch name',
  );

/** An OpenPGP fingerprint, with or without spaces; kept in upper case without them. */
const Fingerprint = z
  .string()
  .transform((text) => text.replaceAll(' ', '').toUpperCase())
  .pipe(z.string().regex(/^[0-9A-F]{40}$/, 'a fingerprint of 40 hexadecimal digits'));

const ChannelInput = z.strictObject({
  name: ResourceName,
  url: ChannelUrl,
  branch: Branch.default('main'),
  commit: Revision.optional(),
  introduction: z.strictObject({ commit: Revision, fingerprint: Fingerprint }).optional(),
  /** The name of a file among the farm's credentials. */
  credential: ResourceName.optional(),
});

/** A relative path inside a checkout, without `.`, `..` or empty parts. */
export const RelativePath = z
  .string()
  .max(1024)
  .regex(/^(?!\.\.?(\/|$))(?!.*\/\.\.?(\/|$))[^/\0][^\0]*$/, 'a relative path without . or ..');

const JobPattern = z.string().superRefine((pattern, context) => {
  const fault = patternFault(pattern);
  if (fault !== null) context.addIssue({ code: 'custom', message: fault });
});

const BuildOutputInput = z.strictObject({
  job: JobPattern,
  type: ResourceName,
  output: z
    .string()
    .regex(/^[A-Za-z0-9+._?=-]{1,211}$/, 'the name of an output')
    .default('out'),
  /** Empty: the output itself. */
  path: z.union([z.literal(''), RelativePath]).default(''),
});

const FileSelectionInput = z.strictObject({
  channel: ResourceName.optional(),
  file: RelativePath,
  attribute: z
    .string()
    .max(1024)
    .regex(/^[A-Za-z_][A-Za-z0-9_'-]*(\.[A-Za-z_][A-Za-z0-9_'-]*)*$/, 'an attribute path')
    .optional(),
});

const PackageName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9+._-]*(@[A-Za-z0-9+._~-]+)?$/, 'a package name such as hello@2.12');
const ModuleName = z
  .string()
  .regex(/^[^\s()"';#]+( [^\s()"';#]+)*$/, 'the words of a Scheme module, such as my-channel ci');
const SelectionInput = z.union([
  FileSelectionInput,
  z.strictObject({ set: z.enum(guixSets) }),
  z.strictObject({ packages: z.array(PackageName).min(1).max(10_000) }),
  z.strictObject({ channels: z.array(ResourceName).min(1).max(64) }),
  z.strictObject({ manifests: z.array(RelativePath).min(1).max(1000) }),
  z.strictObject({ custom: z.array(ModuleName).min(1).max(100) }),
  z.strictObject({
    packs: z.strictObject({
      manifest: RelativePath,
      formats: z.array(z.enum(packFormats)).min(1).max(packFormats.length),
    }),
  }),
]);

const MailAddress = z
  .string()
  .max(320)
  .regex(/^[^\s@<>]+@[^\s@<>]+$/, 'an e-mail address');
/** A password in it would stand in every answer and every export. */
const MailerAddress = z
  .string()
  .max(2048)
  .superRefine((address, context) => {
    const mailer = readMailer(address);
    if (!mailer.ok) context.addIssue({ code: 'custom', message: mailer.error });
  });
const NotificationInput = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('email'),
    from: MailAddress,
    to: MailAddress,
    server: MailerAddress,
  }),
  z.strictObject({ type: z.literal('mastodon') }),
  z.strictObject({
    type: z.literal('webhook'),
    url: z.url({ protocol: /^https?$/ }).max(2048),
    secret: ResourceName.optional(),
  }),
]);

const Seconds = z
  .int()
  .min(1)
  .max(30 * 24 * 3600);

export const SpecificationInput = z
  .strictObject({
    name: ResourceName,
    backend: z.enum(['nix', 'guix', 'local']),
    channels: z.array(ChannelInput).min(1).max(64),
    selection: SelectionInput,
    systems: z
      .array(z.string().regex(/^[a-z0-9_]+-[a-z0-9_]+$/, 'a system such as x86_64-linux'))
      .min(1)
      .max(32)
      .default(['x86_64-linux']),
    priority: z.int().min(0).max(9).default(9),
    /** Seconds; 0 is the farm's own interval. */
    period: z
      .int()
      .min(0)
      .max(7 * 24 * 3600)
      .default(300),
    share: z.int().min(1).max(1_000_000).default(100),
    /** How many of its builds may be out at once; no limit unless told. */
    maxRunning: z.int().min(1).max(1_000_000).optional(),
    limits: z
      .strictObject({ timeoutSeconds: Seconds.optional(), maxSilentSeconds: Seconds.optional() })
      .default({}),
    active: z.boolean().default(true),
    /** What becomes of older evaluations' builds once a newer evaluation was read to its end. */
    superseded: z.enum(supersededPolicies).default('keep'),
    /** Untrusted: what it builds lives in a store of its own, under another key. */
    trust: z.enum(trusts).optional(),
    /** How many of its good evaluations are kept with all that they need, whatever their age. */
    keep: z.int().min(1).max(10_000).default(keptUnlessTold),
    /** Files that are offered for download when a job of such a name succeeds. */
    buildOutputs: z.array(BuildOutputInput).max(64).optional(),
    notifications: z.array(NotificationInput).max(64).optional(),
  })
  .superRefine((input, context) => {
    for (const path of unstorable(input, [])) {
      context.addIssue({ code: 'custom', path, message: 'text without NUL, in whole characters' });
    }
    const names = input.channels.map((channel) => channel.name);
    names.forEach((name, index) => {
      if (names.indexOf(name) < index) {
        context.addIssue({
          code: 'custom',
          path: ['channels', index, 'name'],
          message: `another channel is called ${name}`,
        });
      }
    });
    const { selection } = input;
    if (isFileSelection(selection) !== (input.backend !== 'guix')) {
      const message =
        input.backend === 'guix'
          ? `one of: set (${guixSets.join(', ')}), packages, channels, manifests, custom, packs`
          : 'a file of a channel is to be named';
      context.addIssue({ code: 'custom', path: ['selection'], message });
      return;
    }
    const wanted = isFileSelection(selection) ? selection.channel : undefined;
    if (wanted !== undefined && !names.includes(wanted)) {
      context.addIssue({
        code: 'custom',
        path: ['selection', 'channel'],
        message: `no channel is called ${wanted}`,
      });
    }
  });
export type SpecificationInput = z.infer<typeof SpecificationInput>;

/** Where texts stand that Postgres keeps in no document: NUL, half a character. */
function unstorable(value: unknown, path: PropertyKey[]): PropertyKey[][] {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? [path] : [];
  if (Array.isArray(value)) return value.flatMap((one, at) => unstorable(one, [...path, at]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => unstorable(one, [...path, key]));
}
