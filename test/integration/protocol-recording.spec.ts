/**
 * A whole conversation of today's agent with today's farm, as it is kept for ever below
 * test/fixtures/protocol. `GAMBESON_RECORD=FILE` writes it down; see the README there.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { protocolVersions } from '#protocol/worker.js';
import { RealFarm } from './worker-support/real-farm.js';
import { recordRun } from './worker-support/recorded-run.js';

let farm: RealFarm;

beforeAll(async () => {
  farm = await RealFarm.start({ leaseSeconds: 3 });
}, 60_000);

afterAll(() => farm.stop(), 30_000);

it('today’s agent and farm speak the newest version, to the end of every attempt', async () => {
  const frames = await recordRun(farm);
  const messages = frames.flatMap(({ message }) => (message ? [message] : []));
  const welcomes = messages.filter((message) => message.type === 'welcome');
  expect(welcomes.length).toBeGreaterThan(1);
  for (const welcome of welcomes) expect(welcome['protocol']).toBe(protocolVersions[0]);
  const reports = messages.filter((message) => message.type === 'report');
  const kinds = reports.map((report) => (report['result'] as { kind: string }).kind);
  expect(new Set(kinds)).toEqual(new Set(['succeeded', 'failed', 'canceled']));
  const file = process.env['GAMBESON_RECORD'];
  if (file) await writeFile(file, frames.map((frame) => `${JSON.stringify(frame)}\n`).join(''));
}, 60_000);
