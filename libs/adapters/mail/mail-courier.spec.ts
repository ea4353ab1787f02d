import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { never } from '#std/cancellation.js';
import { id, type BuildId, type DeliveryId, type EvaluationId } from '#domain/ids.js';
import type { WeatherChangeId } from '#domain/ids.js';
import type { Message } from '#domain/notification/message.js';
import { pagesAt } from '#domain/notification/pages.js';
import type { Outcome } from '#domain/notification/timing.js';
import { mailCourier } from './mail-courier.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gambeson-sendmail-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const message: Message = {
  delivery: id<DeliveryId>(1),
  key: '6dc4a8a0-0000-4000-8000-000000000000',
  specification: 'base',
  evaluation: id<EvaluationId>(7),
  createdAt: new Date('2026-11-21T04:00:00Z'),
  changes: [
    {
      id: id<WeatherChangeId>(3),
      ...{ specification: 'base', job: 'hello\r\nBcc: all@example.org', system: 'x86_64-linux' },
      ...{ evaluation: id<EvaluationId>(7), build: id<BuildId>(9), kind: 'broken' },
      at: new Date('2026-11-21T03:00:00Z'),
    },
  ],
  counts: { broken: 1, fixed: 0 },
};

/** A sendmail of ours, and what it is asked to do. */
async function send(
  script: string,
  server = 'sendmail:///',
  to = 'b@example.org',
): Promise<Outcome> {
  const sendmail = join(directory, 'sendmail');
  await writeFile(sendmail, `#!/bin/sh\ncd '${directory}'\n${script}\n`, { mode: 0o755 });
  const courier = mailCourier({
    ...{ pages: pagesAt('https://ci.example.org'), host: 'ci.example.org', sendmail },
    ...{ timeoutSeconds: 2, endOfLog: async () => 'error: it broke\n', secret: async () => '' },
  });
  return courier(message, { type: 'email', from: 'a@example.org', to, server }, never);
}

describe('mail by the machine’s own sendmail', () => {
  it('is handed over whole, and no name in it makes a header or an option', async () => {
    const script = 'printf "%s\\n" "$@" > words; cat > letter';
    expect(await send(script, undefined, '-oQ/tmp@example.org')).toMatchObject({
      kind: 'delivered',
    });
    const words = await readFile(join(directory, 'words'), 'utf8');
    expect(words.split('\n')).toEqual([
      ...['-i', '-f', 'a@example.org', '--', '-oQ/tmp@example.org', ''],
    ]);
    const letter = await readFile(join(directory, 'letter'), 'utf8');
    const [headers] = letter.split(/\r?\n\r?\n/);
    expect(headers).toMatch(
      /^Message-ID: <6dc4a8a0-0000-4000-8000-000000000000@ci\.example\.org>/m,
    );
    expect(headers).toMatch(/^Date: Sat, 21 Nov 2026 04:00:00 \+0000/m);
    expect(headers).not.toMatch(/^Bcc/m);
    expect(letter).toContain('https://ci.example.org/build/9/details');
  });

  it('is tried again when it fails, with what it said', async () => {
    expect(await send('echo "queue is full" >&2; exit 75')).toEqual({
      kind: 'failed',
      answer: expect.stringMatching(/ended with status 75: queue is full$/),
    });
  });

  it('is never another program that a specification names', async () => {
    const outcome = await send('exit 0', 'sendmail:///bin/sh');
    expect(outcome).toMatchObject({
      kind: 'refused',
      answer: expect.stringMatching(/never \/bin/),
    });
    expect(await send('exit 0', 'sendmail:///usr/lib/sendmail')).toMatchObject({
      kind: 'delivered',
    });
  });
});
