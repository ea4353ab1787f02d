/**
 * A whole api, with its Postgres, against requests made from its own OpenAPI document: it answers
 * every one in time, never with a fault of its own, and always as the document says.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent, request as httpRequest } from 'node:http';
import fc from 'fast-check';
import type { ApiDocument } from '../../apps/api/openapi/document-shape.js';
import { startApiFarm, type ApiFarm } from '../integration/api-farm.js';
import { seedFarm } from '../integration/seeded-farm.js';
import { Contract, type Told } from '../openapi/contract.js';
import { apiRequest, type ApiRequest, type KnownValues } from './api-requests.js';

const isFull = process.env['GAMBESON_TEST_FULL'] === '1';
const requests = isFull ? 12_000 : 1500;
const seed = Number(process.env['GAMBESON_FUZZ_SEED'] ?? (isFull ? Date.now() % 2 ** 31 : 7));
/** How many connections ask at once. */
const together = 8;
/** Milliseconds after which a request that is not answered hangs. */
const patience = 20_000;

let farm: ApiFarm;
let contract: Contract;
let agent: Agent;
beforeAll(async () => {
  farm = await startApiFarm();
  await seedFarm(farm.parts.database, farm.parts.logs);
  const document = (await (
    await fetch(`${farm.address}/api/v1/openapi.json`)
  ).json()) as ApiDocument;
  contract = new Contract(document);
  agent = new Agent({ keepAlive: true, maxSockets: together });
}, 60_000);
afterAll(async () => {
  agent?.destroy();
  await farm?.stop();
});

const known: KnownValues = {
  id: ['1', '2', '3', '4', '5', '6', '7'],
  name: ['demo'],
  slug: ['nix'],
  file: ['main.bundle'],
};

/** A stream is as good as its head: it has no end of its own. */
function send(one: ApiRequest, token: string | null): Promise<Told> {
  const { hostname, port } = new URL(farm.address);
  const headers: Record<string, string> = Object.fromEntries(
    Object.entries(one.headers).filter(([, value]) => value !== ''),
  );
  if (token !== null) headers['authorization'] = `Bearer ${token}`;
  if (one.body !== null) headers['content-length'] = String(Buffer.byteLength(one.body));
  return new Promise((resolve, reject) => {
    const { method, path } = one;
    const sent = httpRequest({ hostname, port, method, path, headers, agent }, (answer) => {
      const type = answer.headers['content-type'];
      const status = answer.statusCode ?? 0;
      if (type?.startsWith('text/event-stream')) {
        sent.destroy();
        resolve({ status, type, text: '' });
        return;
      }
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status, type, text: Buffer.concat(pieces).toString() }));
    });
    sent.setTimeout(patience, () => sent.destroy(new Error(`no answer in ${patience} ms`)));
    sent.on('error', reject);
    sent.end(one.body ?? undefined);
  });
}

/** All operations in turn, so that none is left out, and every run with a seed is the same. */
function plan(): ApiRequest[] {
  const operations = [...contract.operations.values()];
  const each = Math.ceil(requests / operations.length);
  const columns = operations.map((placed, index) =>
    fc.sample(apiRequest(contract.document, placed, known), { seed: seed + index, numRuns: each }),
  );
  const rows = Array.from({ length: each }, (_, row) => columns.map((column) => column[row]!));
  return rows.flat().slice(0, Math.max(requests, operations.length));
}

const tokens = ['admin', 'admin', 'admin', 'admin', 'nobody', 'wrong'] as const;

describe('an api that is asked everything', () => {
  it(
    `answers ${requests} requests in time, never with a fault, always as its document says`,
    async () => {
      const waiting = plan().entries();
      const faults: string[] = [];
      const statuses = new Map<number, number>();
      const work = async (): Promise<void> => {
        for (const [index, one] of waiting) {
          const who = tokens[(index * 7) % tokens.length];
          const token = who === 'admin' ? farm.parts.adminToken : who === 'wrong' ? 'x' : null;
          const told = await send(one, token).catch((error: Error): Told => ({
            status: 0,
            type: undefined,
            text: error.message,
          }));
          const fault = faultOf(one, told);
          if (fault !== null) faults.push(sentence(one, fault));
          statuses.set(told.status, (statuses.get(told.status) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: together }, work));
      if (isFull) process.stdout.write(`seed ${seed}: ${JSON.stringify([...statuses].sort())}\n`);
      expect(faults.slice(0, 20)).toEqual([]);
      expect(statuses.get(200) ?? 0).toBeGreaterThan(requests / 10);
    },
    isFull ? 600_000 : 60_000,
  );

  it('lives on, and is ready', async () => {
    expect((await fetch(`${farm.address}/livez`)).status).toBe(200);
    expect((await fetch(`${farm.address}/readyz`)).status).toBe(200);
  });
});

function faultOf(one: ApiRequest, told: Told): string | null {
  if (told.status === 0 || told.status >= 500) return `${told.status} ${told.text.slice(0, 300)}`;
  // What fits no route is answered by no operation.
  if (told.status === 404 || told.status === 400) {
    return one.path.startsWith('/api/v1/') ? problemFault(told) : null;
  }
  return contract.faultOf(one.operationId, told);
}

function problemFault({ type, text }: Told): string | null {
  const isProblem = /^application\/(problem\+)?json/.test(type ?? '') && text.startsWith('{');
  return isProblem ? null : `a refusal that is ${type}: ${text.slice(0, 100)}`;
}

function sentence({ operationId, method, path, headers, body }: ApiRequest, fault: string): string {
  const sent = `${method} ${path.slice(0, 120)} ${JSON.stringify(headers)} ${body?.slice(0, 300)}`;
  return `${operationId}: ${fault}\n  ${sent}`;
}
