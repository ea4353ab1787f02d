/**
 * A whole substituter, with its Postgres and its disk, against requests that are nearly right: it
 * answers or hangs up, keeps nothing of what it refused, and goes on.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { encodePack } from '#formats/derivation-pack.js';
import { sha256, toHex } from '#formats/hash.js';
import { answered } from '#testkit/eventually.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import {
  onePiece,
  raw,
  sampleNar,
  startTestSubstituter,
  type TestSubstituter,
} from '../integration/substituter-harness.js';
import { inputsOf } from './inputs.js';
import { namedFiles } from './samples.js';
import { wordsOf, type Subject } from './subject.js';

const isFull = process.env['GAMBESON_TEST_FULL'] === '1';
const requests = isFull ? 12_000 : 360;
const offered = sampleNar('a', 3000);
const uploaded = sampleNar('b', 2000);
/** How many connections speak at once. */
const together = 12;
/** Milliseconds of silence after which a client ends its side. */
const silenceMillis = 80;
/** Milliseconds that the farm may then be silent, on a machine that has much to do. */
const patienceMillis = 15_000;

let postgres: TestPostgres;
let farm: TestSubstituter;

beforeAll(async () => {
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres, { GAMBESON_MAX_NAR_BYTES: String(4 * 1024 ** 2) });
  const { path, nar, narHash } = offered;
  await farm.service.putNar({ slug: 'nix', path, nar: onePiece(nar) });
  await farm.service.offer('nix', { path, narHash, narSize: nar.length, references: [] });
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
});

interface Request {
  readonly line: string;
  readonly headers?: readonly string[];
  readonly body?: Uint8Array;
}

function written({ line, headers = [], body }: Request): Buffer {
  const length = body ? [`content-length: ${body.length}`] : [];
  const head = [`${line} HTTP/1.1`, 'host: farm.example.org', ...length, ...headers, '', ''];
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), body ?? Buffer.alloc(0)]);
}

/** An upload that was cut, asked for, and gone on with. */
function resumed(path: string, headers: readonly string[]): Request[] {
  const more = [...headers, `upload-key: ${'ab'.repeat(16)}`];
  const [first, rest] = [uploaded.compressed.subarray(0, 40), uploaded.compressed.subarray(40)];
  return [
    { line: `PUT ${path}`, headers: more, body: first },
    { line: `HEAD ${path}`, headers: more },
    { line: `PATCH ${path}`, headers: [...more, 'upload-offset: 40'], body: rest },
  ];
}

function subjectOf(file: string): Subject {
  const bearer = `authorization: Bearer ${farm.serviceToken}`;
  const zstd = 'content-type: application/zstd';
  const pack = encodePack(namedFiles('nix/drv', /plain\.drv$/));
  const offer = { path: uploaded.path, narHash: uploaded.narHash, narSize: 1, references: [] };
  const reads = [
    ...['/', '/nix-cache-info', '/guix/nix-cache-info', `/${offered.path.slice(0, 32)}.narinfo`],
    ...[`/nar/${file}`, `/nix/nar/${file}`, '/livez', '/robots.txt'],
    ...['a%2Bb', '%', 'a%C0%AF', 'a%3F%3fb'].map((name) => `/log/${'c'.repeat(32)}-${name}.drv`),
  ].map((path) => ({ line: `GET ${path}` }));
  const asked: Request[] = [
    ...reads,
    { line: `HEAD /nar/${file}` },
    { line: `GET /nar/${file}`, headers: ['range: bytes=5-9', 'if-range: "x"'] },
    { line: reads[3]!.line, headers: ['if-none-match: *', 'if-modified-since: yesterday'] },
    {
      line: `PUT /nix/uploads/${uploaded.path}`,
      headers: [bearer, zstd],
      body: uploaded.compressed,
    },
    ...resumed(`/nix/uploads/${uploaded.path}`, [bearer, zstd]),
    { line: 'POST /nix/paths', headers: [bearer], body: Buffer.from(JSON.stringify(offer)) },
    { line: `PUT /nix/derivations/packs/${toHex(sha256(pack))}`, headers: [bearer], body: pack },
    { line: `PUT /nix/${offered.path.slice(0, 32)}.narinfo`, headers: [bearer], body: pack },
  ];
  const put = `PUT /nix/uploads/${uploaded.path} HTTP/1.1`;
  const chunked = [put, 'host: x', bearer, zstd, ''].join('\r\n');
  const bodies = `transfer-encoding: chunked\r\n\r\n5\r\n\x28\xb5\x2f\xfd\0\r\n0\r\n\r\n`;
  const samples = [...asked.map(written), Buffer.concat(reads.map(written))];
  return {
    name: 'requests',
    samples: () => [...samples, ...wordsOf(chunked + bodies)].map((one) => Uint8Array.from(one)),
    words: wordsOf(
      ...[
        'GET ',
        'PUT ',
        'HEAD ',
        'OPTIONS ',
        ' HTTP/1.1\r\n',
        ' HTTP/1.0\r\n',
        '\r\n\r\n',
        '\r\n',
      ],
      ...[
        'expect: 100-continue\r\n',
        'connection: close\r\n',
        'content-length: 5\r\n',
        `${bearer}\r\n`,
      ],
      ...[
        'range: bytes=0-0\r\n',
        'range: bytes=9-1\r\n',
        '/../',
        '%2e%2e/',
        '%00',
        '/nar/',
        '.narinfo',
      ],
      ...['transfer-encoding: chunked\r\n', 'content-range: bytes 0-5/9\r\n', 'upgrade: x\r\n'],
    ),
    take: () => 'accepted',
  };
}

/** The statuses of what was answered until the other side hung up. */
function spoken(bytes: Uint8Array): Promise<number[]> {
  const { hostname, port } = new URL(farm.address);
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    socket.setTimeout(silenceMillis, () => {
      if (!socket.writableEnded) {
        socket.end();
        socket.setTimeout(patienceMillis);
        return;
      }
      socket.destroy();
      reject(new Error('neither an answer nor a hang-up'));
    });
    socket.on('data', (piece) => pieces.push(piece));
    // A connection that is reset has been hung up.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const text = Buffer.concat(pieces).toString('latin1');
      resolve([...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status)));
    });
    socket.write(bytes);
  });
}

async function fileOf(path: string): Promise<string> {
  const { body } = await raw(`${farm.address}/nix/${path.slice(0, 32)}.narinfo`);
  return /^URL: nar\/(.*)$/m.exec(body.toString())![1]!;
}

describe('requests that are nearly right', () => {
  it(
    'are answered or hung up upon, and leave nothing behind',
    async () => {
      const file = await fileOf(offered.path);
      const seen = new Map<number, number>();
      const several = fc.array(inputsOf(subjectOf(file)), {
        minLength: together,
        maxLength: together,
      });
      const property = fc.asyncProperty(several, async (all) => {
        const statuses = await Promise.all(all.map(spoken));
        for (const status of statuses.flat()) {
          seen.set(status, (seen.get(status) ?? 0) + 1);
          if (status >= 500) throw new Error(`answered ${status}`);
        }
      });
      await fc.assert(property, { seed: 4, numRuns: requests / together });
      for (const status of [200, 400, 404]) expect(seen.get(status)).toBeGreaterThan(0);

      expect((await raw(`${farm.address}/livez`)).status).toBe(200);
      await answered('staged files to go', async () => {
        const staged = await readdir(join(farm.data, 'nars', 'staging')).catch(() => []);
        return staged.length === 0 ? true : null;
      });
      const paths = await farm.database.query('select path from store_paths', []);
      expect(paths).toEqual([{ path: offered.path }]);
      const whole = await raw(`${farm.address}/nar/${file}`);
      expect(zstdDecompressSync(whole.body).equals(offered.nar)).toBe(true);
    },
    isFull ? 300_000 : 60_000,
  );
});
