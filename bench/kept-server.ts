/**
 * The substituter's own way of answering narinfos, with all of so many paths told before: the real
 * index, file, memory and wire, but texts that nobody signed and a Postgres that nobody asks.
 * Seeding, signing and asking two million paths would take an hour and measure something else.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Store } from '#domain/substitute/store.js';
import { answerBytes } from '../apps/substituter/answers/answer-bytes.js';
import { KeptAnswers } from '../apps/substituter/answers/kept-answers.js';
import { NarinfoRoute } from '../apps/substituter/narinfo-route.js';
import { Stores } from '../apps/substituter/stores.js';
import { Wire } from '../apps/substituter/wire/wire.js';
import { hashPart } from './narinfo-seed.js';

const paths = Number(process.env['PATHS']);
const body = 'x'.repeat(Number(process.env['BODY_BYTES']));
const store: Store = {
  ...{ id: 1, slug: 'nix', dir: '/nix/store', kind: 'farm', host: null, mode: 'mirror' },
  ...{ priority: 40, ttlSeconds: 7_776_000, private: false },
};
const stores = new Stores({ all: async () => [store] });
await stores.read();
const keeper = await KeptAnswers.open(
  { entries: 2_500_000, fileBytes: 6 * 1024 ** 3, memoryBytes: 32 * 1024 ** 2 },
  { directory: process.env['DIRECTORY']!, noteRead: () => true, warn: console.error },
);
const narinfos = new NarinfoRoute({
  offered: { lookup: async () => null },
  ...{ stores, keeper },
  files: { learn: () => undefined, forget: () => undefined },
  print: () => body,
  lifetimes: { narinfo: 86_400, miss: 60 },
});
narinfos.hearing(true);
// One answer is kept for all: each has bytes of its own on the disk, as they would differ.
const answer = answerBytes({
  type: 'text/x-nix-narinfo',
  body,
  lastModified: 0,
  cacheControl: 'public, max-age=86400',
});
for (let i = 1; i <= paths; i++) {
  const place = { store, hashPart: hashPart(i) };
  keeper.keep(place, { answer, digest: i, fresh: true });
  if (i % 1000 === 0) await keeper.settled();
}
const server = createServer((_request, response) => response.writeHead(404).end());
const wire = new Wire(server, narinfos);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`narinfos listening on http://127.0.0.1:${port}\n`);
});
process.on('SIGTERM', () => {
  wire.close();
  process.exit(0);
});
