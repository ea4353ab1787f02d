/**
 * What the supervisor does when things end unasked, and when it is asked for what it cannot have.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endLiving, processesNaming, startUp, type Up } from './up-command.js';

describe('the supervisor', () => {
  let data: string;

  beforeAll(() => {
    data = mkdtempSync(join(tmpdir(), 'gambeson-supervisor-'));
    chmodSync(data, 0o755);
  });

  afterEach(endLiving, 30_000);
  afterAll(() => rmSync(data, { recursive: true, force: true }));

  function pidOf(up: Up, name: string): number {
    const started = up.lines.find((line) => line.event === 'started' && line['name'] === name);
    return Number(started?.['pid']);
  }

  async function occupiedPort(): Promise<{ server: Server; port: string }> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, port: String((server.address() as { port: number }).port) };
  }

  it('starts a killed app again, says so, and still stops everything', async () => {
    const up = await startUp(data, ['--no-demo', '--workers', '1']);
    const { dashboard } = await up.line('up');
    process.kill(pidOf(up, 'api'), 'SIGKILL');
    await up.said(/api ended with SIGKILL; starting it again/);
    await up.said(/api is up again/);
    expect((await fetch(`${String(dashboard)}/livez`)).status).toBe(200);
    up.child.kill('SIGTERM');
    expect(await up.exited).toBe(0);
    expect(processesNaming(data)).toEqual([]);
  }, 60_000);

  it('refuses a second farm on the same data', async () => {
    const first = await startUp(data, ['--no-demo', '--workers', '0']);
    await first.line('up');
    const second = await startUp(data, ['--no-demo', '--workers', '0']);
    expect(await second.exited).toBe(5);
    await expect(second.line('up')).rejects.toThrow(/is up on .* already/);
    first.child.kill('SIGINT');
    expect(await first.exited).toBe(0);
  }, 60_000);

  it('goes on after it was killed itself, with nothing left of before', async () => {
    const first = await startUp(data, ['--no-demo', '--workers', '1']);
    await first.line('up');
    first.child.kill('SIGKILL');
    await first.exited;
    const second = await startUp(data, ['--no-demo', '--workers', '1']);
    await second.line('up');
    second.child.kill('SIGINT');
    expect(await second.exited).toBe(0);
    expect(processesNaming(data)).toEqual([]);
  }, 60_000);

  it('says which port is in use, and starts nothing', async () => {
    const { server, port } = await occupiedPort();
    const up = await startUp(data, ['--no-demo', '--port', port]);
    expect(await up.exited).toBe(2);
    await expect(up.line('up')).rejects.toThrow(/is in use; choose another/);
    expect(processesNaming(data)).toEqual([]);
    server.close();
  });

  it.each([
    ['starting the database', /starting the database/],
    ['starting the apps', /starting api/],
  ])(
    'stops what it had begun when it is asked to while %s',
    async (_, said) => {
      const up = await startUp(data, ['--no-demo']);
      await up.said(said);
      up.child.kill('SIGINT');
      expect(await up.exited).toBe(0);
      expect(processesNaming(data)).toEqual([]);
    },
    60_000,
  );
});
