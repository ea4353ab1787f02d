/**
 * What a farm process is told from outside: environment variables, read once, all faults named in
 * one message. Secrets come from files (`…_FILE`); a database address may too.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const Port = z.coerce.number().int().min(0).max(65535);
const Seconds = z.coerce.number().positive();

const Environment = z.object({
  /** Everything that the farm keeps on disk lies below it, unless told otherwise. */
  GAMBESON_DATA: z.string().min(1).default('.gambeson'),
  DATABASE_URL: z.string().optional(),
  DATABASE_URL_FILE: z.string().optional(),
  /** Absent: tickets and timers lie in Postgres, by BullMQ's Postgres backend. */
  REDIS_URL: z.string().optional(),
  GAMBESON_HOST: z.string().default('127.0.0.1'),
  GAMBESON_PORT: Port.optional(),
  /** Where workers and the evaluator reach the substituter, without a trailing slash. */
  GAMBESON_SUBSTITUTER_URL: z.url().default('http://127.0.0.1:3000'),
  /** Where clients of substitutes reach it, when that is another address: for /use. */
  GAMBESON_SUBSTITUTES_URL: z.url().optional(),
  /** Where people reach the dashboard, for links. */
  GAMBESON_URL: z.url().default('http://127.0.0.1:8081'),
  GAMBESON_ADMIN_TOKEN_FILE: z.string().optional(),
  GAMBESON_SERVICE_TOKEN_FILE: z.string().optional(),
  GAMBESON_SIGNING_KEY_FILE: z.string().optional(),
  /** Where the keys of each store lie, as SLUG/NAME.sec. */
  GAMBESON_SIGNING_KEYS: z.string().optional(),
  GAMBESON_PUBLIC_KEY_FILE: z.string().optional(),
  /** Where the secrets lie that specifications and forges name. */
  GAMBESON_CREDENTIALS: z.string().min(1).optional(),
  /** Where people reach /admin, when that is another address than GAMBESON_URL. */
  GAMBESON_ADMIN_URL: z.url().optional(),
  /** Whom /admin believes who somebody is: nobody, headers of a proxy, or that it let them in. */
  GAMBESON_ADMIN_TRUST: z.enum(['none', 'header', 'proxy']).default('none'),
  /** The proxies of /admin: addresses and networks (comma-separated, CIDR). */
  GAMBESON_TRUSTED_PROXIES: z.string().default(''),
  /** A unix socket on which the api listens, too; who connects there is trusted as a proxy. */
  GAMBESON_ADMIN_SOCKET: z.string().startsWith('/').optional(),
  /** Four names (verify, subject, fingerprint, serial), or one that is RFC 9440's Client-Cert. */
  GAMBESON_ADMIN_HEADERS: z
    .string()
    .default('X-SSL-Client-Verify,X-SSL-Client-S-DN,X-SSL-Client-Fingerprint,X-SSL-Client-Serial'),
  /** Who the people behind certificates are, and what they may do. */
  GAMBESON_ADMINS_FILE: z.string().optional(),
  /** Addresses (comma-separated, CIDR) that may call the evaluation hook without a token. */
  GAMBESON_HOOK_ALLOW: z.string().default(''),
  /** Seconds between two polls of a specification that does not say. */
  GAMBESON_POLL_SECONDS: Seconds.min(1).default(300),
  GAMBESON_LEASE_SECONDS: Seconds.default(30),
  GAMBESON_TICK_SECONDS: Seconds.default(1),
  GAMBESON_EVALUATION_TIMEOUT_SECONDS: Seconds.default(3600),
  GAMBESON_EVALUATION_MEMORY_MB: z.coerce.number().int().min(64).default(4096),
  /** A nar that unfolds to more bytes than this is refused on arrival. */
  GAMBESON_MAX_NAR_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(32 * 1024 ** 3),
  /** The internal location of an nginx before the farm that holds the directory of the nars. */
  GAMBESON_ACCEL_PREFIX: z.string().startsWith('/').optional(),
  /** Seconds for which a narinfo may be kept, and for which the answer that there is none. */
  GAMBESON_NARINFO_MAX_AGE: z.coerce.number().int().min(0).default(86_400),
  GAMBESON_MISS_MAX_AGE: z.coerce.number().int().min(0).default(60),
  /** What finished narinfos may take of the local disk, and of memory. */
  GAMBESON_NARINFO_DISK_MB: z.coerce.number().int().min(0).default(12_288),
  GAMBESON_NARINFO_MEMORY_MB: z.coerce.number().int().min(1).default(64),
  /** A build whose log grows past it ends as `log-limit`; so much of the log is kept. */
  GAMBESON_MAX_LOG_MB: z.coerce.number().int().min(1).default(512),
  /** A bucket for nars, `s3://…`; absent: they lie on disk, below GAMBESON_DATA. */
  GAMBESON_NAR_STORE: z.string().optional(),
  GAMBESON_S3_CREDENTIALS_FILE: z.string().optional(),
  /** Megabytes a second that `store verify` reads, and that the scrub reads (0: no scrub). */
  GAMBESON_VERIFY_MB_PER_SECOND: Seconds.default(50),
  GAMBESON_SCRUB_MB_PER_SECOND: z.coerce.number().min(0).default(10),
  /** A round of the scrub begins no sooner than so many hours after the last one began. */
  GAMBESON_SCRUB_HOURS: z.coerce.number().min(0).default(24),
  /** Hours between two collections of garbage; 0: only when somebody wishes for one. */
  GAMBESON_GC_HOURS: z.coerce.number().min(0).default(24),
  /** Seconds that a file is left after the last row that named it went. */
  GAMBESON_GC_GRACE_SECONDS: z.coerce.number().min(0).default(600),
  /** Free megabytes below which nothing is evaluated, and below which nothing is taken in. */
  GAMBESON_DISK_SOFT_MB: z.coerce.number().min(0).default(1024),
  GAMBESON_DISK_HARD_MB: z.coerce.number().min(0).default(256),
  /** Private addresses and networks (comma-separated, CIDR) that webhooks may be sent to. */
  GAMBESON_PRIVATE_RECEIVERS: z.string().default(''),
  /** The same, that channels may be fetched from. */
  GAMBESON_PRIVATE_CHANNELS: z.string().default(''),
  /** What mailers named `sendmail:` run. */
  GAMBESON_SENDMAIL: z.string().startsWith('/').default('/usr/sbin/sendmail'),
  /** Seconds for which changes are gathered for one message, and that one try of it may take. */
  GAMBESON_NOTIFY_GATHER_SECONDS: z.coerce.number().min(0).default(60),
  GAMBESON_NOTIFY_TIMEOUT_SECONDS: Seconds.default(20),
  /** Requests a minute that one address, or one token, may send to the API; 0: any number. */
  GAMBESON_REQUESTS_PER_MINUTE: z.coerce.number().int().min(0).default(1200),
  GAMBESON_LOG_FORMAT: z.enum(['text', 'json']).default('text'),
});

/** How /admin knows who somebody is. */
export interface AdminSettings {
  /** Where people reach it. */
  readonly url: string;
  readonly trust: 'none' | 'header' | 'proxy';
  readonly proxies: readonly string[];
  readonly socket: string | undefined;
  readonly headers: readonly string[];
  readonly peopleFile: string;
}

export interface Settings {
  readonly admin: AdminSettings;
  readonly dataDirectory: string;
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly substituterUrl: string;
  /** Where clients of substitutes reach the substituter. */
  readonly substitutesUrl: string;
  readonly publicUrl: string;
  readonly adminTokenFile: string;
  readonly serviceTokenFile: string;
  readonly signingKeyFile: string;
  readonly signingKeysDirectory: string;
  readonly publicKeyFile: string;
  readonly credentialsDirectory: string;
  readonly hookAllow: readonly string[];
  readonly pollSeconds: number;
  readonly leaseSeconds: number;
  readonly tickSeconds: number;
  readonly evaluation: { readonly timeoutSeconds: number; readonly memoryBytes: number };
  readonly maxNarBytes: number;
  readonly maxLogBytes: number;
  /** Where an nginx before the farm has the nar store; undefined: nothing is left to it. */
  readonly accelPrefix: string | undefined;
  readonly narinfos: {
    /** Seconds. */
    readonly maxAge: number;
    readonly missMaxAge: number;
    readonly diskBytes: number;
    readonly memoryBytes: number;
  };
  /** `s3://…`; undefined: on disk. */
  readonly narStore: string | undefined;
  readonly s3CredentialsFile: string;
  /** Megabytes a second. */
  readonly integrity: {
    readonly verifyMegabytes: number;
    readonly scrubMegabytes: number;
    readonly roundHours: number;
  };
  readonly garbage: { readonly hours: number; readonly graceSeconds: number };
  /** Free bytes. */
  readonly diskBounds: { readonly softBytes: number; readonly hardBytes: number };
  readonly notifications: {
    readonly privateReceivers: readonly string[];
    readonly sendmail: string;
    readonly gatherSeconds: number;
    readonly timeoutSeconds: number;
  };
  /** Private addresses and networks that channels may be fetched from. */
  readonly privateChannels: readonly string[];
  /** 0: any number. */
  readonly requestsPerMinute: number;
  readonly logFormat: 'text' | 'json';
}

/** Reads the settings of a process; throws one Error that names every variable at fault. */
export function readSettings(
  environment: Readonly<Record<string, string | undefined>>,
  defaultPort: number,
): Settings {
  const parsed = Environment.safeParse(environment);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((i) => `  ${i.path.join('.')}: ${i.message}`);
    throw new Error(`settings that cannot be used:\n${faults.join('\n')}`);
  }
  const env = parsed.data;
  const secret = (name: string): string => join(env.GAMBESON_DATA, 'secrets', name);
  return {
    dataDirectory: env.GAMBESON_DATA,
    admin: adminOf(env, secret('admins.json')),
    databaseUrl: databaseUrl(env.DATABASE_URL, env.DATABASE_URL_FILE),
    redisUrl: env.REDIS_URL || undefined,
    host: env.GAMBESON_HOST,
    port: env.GAMBESON_PORT ?? defaultPort,
    substituterUrl: env.GAMBESON_SUBSTITUTER_URL.replace(/\/+$/, ''),
    substitutesUrl: (env.GAMBESON_SUBSTITUTES_URL ?? env.GAMBESON_SUBSTITUTER_URL).replace(
      /\/+$/,
      '',
    ),
    publicUrl: env.GAMBESON_URL.replace(/\/+$/, ''),
    adminTokenFile: env.GAMBESON_ADMIN_TOKEN_FILE ?? secret('admin-token'),
    serviceTokenFile: env.GAMBESON_SERVICE_TOKEN_FILE ?? secret('service-token'),
    signingKeyFile: env.GAMBESON_SIGNING_KEY_FILE ?? secret('signing-key.sec'),
    signingKeysDirectory: env.GAMBESON_SIGNING_KEYS ?? secret('signing-keys'),
    publicKeyFile: env.GAMBESON_PUBLIC_KEY_FILE ?? join(env.GAMBESON_DATA, 'signing-key.pub'),
    credentialsDirectory: env.GAMBESON_CREDENTIALS ?? secret('credentials'),
    pollSeconds: env.GAMBESON_POLL_SECONDS,
    hookAllow: listed(env.GAMBESON_HOOK_ALLOW),
    leaseSeconds: env.GAMBESON_LEASE_SECONDS,
    tickSeconds: env.GAMBESON_TICK_SECONDS,
    evaluation: {
      timeoutSeconds: env.GAMBESON_EVALUATION_TIMEOUT_SECONDS,
      memoryBytes: env.GAMBESON_EVALUATION_MEMORY_MB * 1024 * 1024,
    },
    maxNarBytes: env.GAMBESON_MAX_NAR_BYTES,
    maxLogBytes: env.GAMBESON_MAX_LOG_MB * 1024 * 1024,
    accelPrefix: env.GAMBESON_ACCEL_PREFIX?.replace(/\/+$/, ''),
    narinfos: {
      maxAge: env.GAMBESON_NARINFO_MAX_AGE,
      missMaxAge: env.GAMBESON_MISS_MAX_AGE,
      diskBytes: env.GAMBESON_NARINFO_DISK_MB * 1024 * 1024,
      memoryBytes: env.GAMBESON_NARINFO_MEMORY_MB * 1024 * 1024,
    },
    narStore: env.GAMBESON_NAR_STORE || undefined,
    s3CredentialsFile: env.GAMBESON_S3_CREDENTIALS_FILE ?? secret('s3-credentials'),
    integrity: {
      verifyMegabytes: env.GAMBESON_VERIFY_MB_PER_SECOND,
      scrubMegabytes: env.GAMBESON_SCRUB_MB_PER_SECOND,
      roundHours: env.GAMBESON_SCRUB_HOURS,
    },
    garbage: { hours: env.GAMBESON_GC_HOURS, graceSeconds: env.GAMBESON_GC_GRACE_SECONDS },
    diskBounds: {
      softBytes: env.GAMBESON_DISK_SOFT_MB * 1024 * 1024,
      hardBytes: env.GAMBESON_DISK_HARD_MB * 1024 * 1024,
    },
    notifications: {
      privateReceivers: listed(env.GAMBESON_PRIVATE_RECEIVERS),
      sendmail: env.GAMBESON_SENDMAIL,
      gatherSeconds: env.GAMBESON_NOTIFY_GATHER_SECONDS,
      timeoutSeconds: env.GAMBESON_NOTIFY_TIMEOUT_SECONDS,
    },
    privateChannels: listed(env.GAMBESON_PRIVATE_CHANNELS),
    requestsPerMinute: env.GAMBESON_REQUESTS_PER_MINUTE,
    logFormat: env.GAMBESON_LOG_FORMAT,
  };
}

function adminOf(env: z.infer<typeof Environment>, peopleFile: string): AdminSettings {
  return {
    url: env.GAMBESON_ADMIN_URL ?? env.GAMBESON_URL,
    trust: env.GAMBESON_ADMIN_TRUST,
    proxies: listed(env.GAMBESON_TRUSTED_PROXIES),
    socket: env.GAMBESON_ADMIN_SOCKET || undefined,
    headers: listed(env.GAMBESON_ADMIN_HEADERS),
    peopleFile: env.GAMBESON_ADMINS_FILE ?? peopleFile,
  };
}

function listed(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
}

function databaseUrl(plain: string | undefined, file: string | undefined): string {
  if (plain) return plain;
  if (file) return readFileSync(file, 'utf8').trim();
  throw new Error('settings that cannot be used:\n  DATABASE_URL or DATABASE_URL_FILE is needed');
}
