/**
 * Who may import whom: the law of docs/architecture.md as data. A room is the longest matching
 * prefix of a path; a room may always import itself.
 */
export interface Room {
  readonly room: string;
  /** Directories, or a file without its ending. */
  readonly may: readonly string[];
  /** Packages, and `node:` modules where they are not free; `node:*` is all of them. */
  readonly packages: readonly string[];
}

const pure = ['libs/std', 'libs/formats', 'libs/domain'];
const adapterMay = [...pure, 'libs/application/ports', 'libs/protocol', 'libs/adapters/system'];
const nestPackages = ['@nestjs/*', 'fastify', 'rxjs', 'reflect-metadata', 'zod', 'node:*'];
const appMay = ['libs/std', 'libs/domain', 'libs/formats', 'libs/application', 'libs/protocol'];

function adapter(name: string, packages: readonly string[], may: readonly string[] = []): Room {
  return {
    room: `libs/adapters/${name}`,
    may: [...adapterMay, ...may],
    packages: ['node:*', ...packages],
  };
}

function adapters(...names: string[]): string[] {
  return names.map((name) => `libs/adapters/${name}`);
}

export const rooms: readonly Room[] = [
  { room: 'libs/std', may: [], packages: [] },
  { room: 'libs/formats', may: ['libs/std'], packages: ['@noble/*'] },
  { room: 'libs/domain', may: ['libs/std', 'libs/formats'], packages: [] },
  { room: 'libs/application', may: pure, packages: [] },
  { room: 'libs/protocol', may: ['libs/std', 'libs/domain'], packages: ['zod'] },
  { room: 'libs/client', may: ['libs/std'], packages: [] },
  adapter('postgres', ['pg', 'pg-copy-streams', '@prisma/*']),
  // BullMQ's Postgres backend takes a pool of pg.
  adapter('redis', ['bullmq', 'ioredis', 'pg']),
  adapter('git', ['simple-git']),
  adapter('backends', [], ['libs/adapters/backends/sandbox']),
  adapter('nar-store', ['@aws-sdk/client-s3']),
  adapter('log-store', []),
  adapter('substituter-client', ['zod']),
  adapter('upstream', []),
  adapter('specification-files', ['yaml', 'zod']),
  adapter('mail', ['nodemailer', 'nodemailer/*']),
  adapter('outgoing', []),
  { room: 'libs/adapters/system', may: adapterMay, packages: ['node:*'] },
  {
    room: 'libs/views',
    may: ['libs/std', 'libs/domain', 'libs/protocol'],
    packages: ['preact', 'preact-render-to-string'],
  },
  // The texts of the scripts are read where they were built.
  { room: 'libs/views/assets', may: [], packages: ['node:*'] },
  // What browsers run has nothing but the browser.
  { room: 'libs/views/client', may: [], packages: [] },
  {
    room: 'libs/nest',
    may: ['libs/std', 'libs/application', 'libs/protocol'],
    packages: nestPackages,
  },
  {
    room: 'apps/api',
    may: [
      ...appMay,
      'libs/nest',
      'libs/views',
      // Build products are sent from where they lie.
      ...adapters('postgres', 'redis', 'system', 'log-store', 'nar-store', 'upstream'),
      // Bundles of channels are made from the mirrors.
      ...adapters('git'),
    ],
    packages: [...nestPackages, '@fastify/*', 'ws'],
  },
  {
    room: 'apps/coordinator',
    may: [
      ...[...appMay, 'libs/nest'],
      ...adapters('postgres', 'redis', 'system', 'log-store', 'mail', 'outgoing'),
    ],
    packages: nestPackages,
  },
  {
    room: 'apps/evaluator',
    may: [
      ...[...appMay, 'libs/nest', ...adapters('postgres', 'redis', 'system', 'log-store')],
      ...adapters('git', 'backends', 'substituter-client', 'upstream', 'specification-files'),
    ],
    packages: nestPackages,
  },
  {
    room: 'apps/worker',
    may: [...appMay, ...adapters('backends', 'system', 'substituter-client')],
    packages: ['ws', 'zod', 'commander', 'node:*'],
  },
  {
    room: 'apps/substituter',
    may: [
      ...[...appMay, 'libs/nest'],
      ...adapters('postgres', 'nar-store', 'log-store', 'system', 'upstream'),
    ],
    packages: nestPackages,
  },
  {
    room: 'apps/cli',
    may: [
      ...[...appMay, 'libs/nest', ...adapters('postgres', 'system', 'specification-files')],
      'libs/client',
      // The doctor looks at what a worker builds with.
      ...adapters('backends'),
      // Numbers and times are told as the pages tell them.
      'libs/views/words',
      'libs/views/evaluation-words',
    ],
    packages: ['commander', 'zod', 'node:*'],
  },
  // Whoever measures or tests may look at everything.
  { room: 'libs/testkit', may: ['libs/'], packages: ['*'] },
  { room: 'bench', may: ['libs/', 'apps/'], packages: ['*'] },
  { room: 'test', may: ['libs/', 'apps/', 'bench/'], packages: ['*'] },
];

/** Node's own modules in the pure codecs: hashing, in the files that hash or sign. */
export const hashingFiles = /^libs\/formats\/(hash|nix-signature|guix-signature)[a-z-]*\.ts$/;
/** The use cases' ports may not reach the use cases. */
export const portsRoom = 'libs/application/ports';
