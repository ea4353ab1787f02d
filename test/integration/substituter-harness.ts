/**
 * A real substituter over a real Postgres and a directory of its own, for the specs of both
 * folders.
 */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { newAccessToken } from '#adapters/system/access-token.js';
import { createAttemptToken } from '#adapters/system/attempt-token.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresTokenStore } from '#adapters/postgres/token-store.js';
import { SubstituterClient } from '#adapters/substituter-client/client.js';
import { hashSecret } from '#adapters/system/secret.js';
import type { NewToken } from '#application/ports/token-store.js';
import type { AttemptId, Fence, TokenId } from '#domain/ids.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { encodeNar, type NarNode } from '#formats/nar.js';
import { readSettings } from '#nest/settings.js';
import type { TestPostgres } from '#testkit/postgres.js';
import { startSubstituter } from '../../apps/substituter/substituter.js';

export interface TestSubstituter {
  readonly address: string;
  readonly data: string;
  readonly database: Database;
  readonly serviceToken: string;
  readonly publicKey: string;
  readonly service: SubstituterClient;
  /** Writes an attempt with a lease of so many seconds, and gives its token. */
  lease(attempt: number, seconds: number): Promise<string>;
  /** A token for the store, which is made (`pushed`, of the nix directory) when there is none. */
  token(slug: string, more?: Partial<NewToken>): Promise<HeldToken>;
  /** Stops the substituter; its data and its database stay. */
  close(): Promise<void>;
  stop(options?: { readonly databaseGone: boolean }): Promise<void>;
}

export interface HeldToken {
  readonly id: TokenId;
  readonly token: string;
}

type Environment = Record<string, string>;

export async function startTestSubstituter(
  postgres: TestPostgres,
  more: Environment = {},
): Promise<TestSubstituter> {
  const data = more['GAMBESON_DATA'] ?? (await mkdtemp(join(tmpdir(), 'gambeson-substituter-')));
  const fresh = await postgres.freshDatabase();
  const environment = { GAMBESON_DATA: data, DATABASE_URL: fresh.url, GAMBESON_PORT: '0' };
  const app = await startSubstituter(readSettings({ ...environment, ...more }, 0));
  const { port } = app.getHttpServer().address() as { port: number };
  const address = `http://127.0.0.1:${port}`;
  const database = new Database(fresh.url, 2, 'spec');
  const serviceToken = (await readFile(join(data, 'secrets', 'service-token'), 'utf8')).trim();
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closed ??= Promise.all([app.close(), database.close()]).then(() => undefined));
  return {
    address,
    data,
    database,
    serviceToken,
    publicKey: (await readFile(join(data, 'signing-key.pub'), 'utf8')).trim(),
    service: new SubstituterClient(address, serviceToken),
    lease: (attempt, seconds) => lease({ database, serviceToken }, attempt, seconds),
    token: (slug, more) => token(database, slug, more),
    close,
    async stop(options) {
      await close();
      if (!options?.databaseGone) await fresh.drop();
      await rm(data, { recursive: true });
    },
  };
}

async function lease(
  farm: { database: Database; serviceToken: string },
  attempt: number,
  seconds: number,
): Promise<string> {
  const fence = attempt.toString(16).padStart(16, '0') as Fence;
  await farm.database.query(
    `insert into workers (id, name, credential_hash) overriding system value
     values ($1, $2, '') on conflict do nothing`,
    [attempt, `worker-${attempt}`],
  );
  await farm.database.query(
    `insert into leases (build_id, attempt_id, evaluation_id, worker_id, slot, fence, expires_at)
     values ($1, $1, 1, $1, 0, $2, now() + make_interval(secs => $3))`,
    [attempt, fence, seconds],
  );
  return createAttemptToken({ attempt: attempt as AttemptId, fence }, farm.serviceToken);
}

async function token(
  database: Database,
  slug: string,
  more: Partial<NewToken> = {},
): Promise<HeldToken> {
  await database.query(
    `insert into stores (slug, dir, key, kind) values ($1, '/nix/store', 'main', 'pushed')
     on conflict do nothing`,
    [slug],
  );
  const secret = newAccessToken();
  const scope = { store: slug, specification: null, access: 'write' as const };
  const wish = {
    name: 'spec',
    hash: hashSecret(secret),
    scope,
    acts: null,
    lifeSeconds: null,
    ...more,
  };
  const made = await new PostgresTokenStore(database).create(wish);
  if ('kind' in made) throw new Error(made.kind);
  return { id: made.token, token: secret };
}

export interface SampleNar {
  /** The base name; hash parts are made up, since only content addresses are checked. */
  readonly path: string;
  readonly nar: Uint8Array;
  readonly compressed: Buffer;
  readonly narHash: string;
}

/** A path with one file; `letter` makes its hash part and its contents. */
export function sampleNar(letter: string, size = 1000): SampleNar {
  const contents = Buffer.alloc(size, `contents of ${letter} `);
  const node: NarNode = { type: 'regular', executable: false, contents };
  const nar = encodeNar(node);
  const params = { [constants.ZSTD_c_compressionLevel]: 3 };
  const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
  const compressed = zstdCompressSync(nar, { params });
  return { path: `${letter.repeat(32)}-sample`, nar, compressed, narHash };
}

export async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  /** Whether the server asked for the body (100-continue). */
  readonly continued: boolean;
}

interface RawRequest {
  readonly method: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: Uint8Array;
}

/** One request on a connection of its own; a body is sent only when the server wants it. */
export async function raw(url: string, asked: RawRequest = { method: 'GET' }): Promise<RawAnswer> {
  const waits = asked.body ? { expect: '100-continue', 'content-length': asked.body.length } : {};
  const request = http.request(url, {
    method: asked.method,
    headers: { ...waits, ...asked.headers },
    agent: false,
  });
  let continued = false;
  request.on('continue', () => {
    continued = true;
    request.end(asked.body);
  });
  if (asked.body) request.flushHeaders();
  else request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces);
  if (!continued) request.destroy();
  return { status: response.statusCode ?? 0, headers: response.headers, body, continued };
}
