/** Faults of bytes on their way: outputs, uploads, logs, disks. Rows of the fault table. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import { endsOf, FaultFarm, gate, signalGroup } from '#testkit/fault-farm.js';
import type { BuildAnswer } from '#protocol/api/build.js';

let farm: FaultFarm;
const patience = 90_000;

beforeAll(async () => {
  farm = await FaultFarm.start({ environment: { GAMBESON_MAX_LOG_MB: '4' } });
}, 120_000);
afterAll(() => farm?.stop(), 60_000);

interface Narinfo {
  readonly narHash: string;
  readonly references: string;
  readonly text: string;
}

/** Downloads an offered output, whole: what its narinfo says, and the text of its nar. */
async function download(path: string): Promise<Narinfo> {
  const hash = path.split('/').at(-1)!.slice(0, 32);
  const base = `${farm.substituters.address}/local`;
  const info = await (await fetch(`${base}/${hash}.narinfo`)).text();
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(info)?.[1] ?? '';
  const nar = zstdDecompressSync(
    Buffer.from(await (await fetch(`${base}/${field('URL')}`)).arrayBuffer()),
  );
  expect(nar.length).toBe(Number(field('NarSize')));
  return {
    narHash: field('NarHash'),
    references: field('References'),
    text: nar.toString('latin1'),
  };
}

function nonceIn({ text }: Narinfo): string {
  return /nonce ([0-9a-f-]{36})/.exec(text)?.[1] ?? 'none';
}

async function noncesOf(build: BuildAnswer): Promise<string[]> {
  return Promise.all(build.outputs.map(async ({ path }) => nonceIn(await download(path!))));
}

describe('faults of bytes', () => {
  it(
    'row 5: of two attempts with different bytes one is offered, with all its outputs',
    async () => {
      const script = `${gate}
nonce=$(cat /proc/sys/kernel/random/uuid)
for o in "$out" "$dev" "$doc"; do mkdir "$o"; echo "nonce $nonce" > "$o/story"; done
`;
      const outputs = ['out', 'dev', 'doc'];
      const evaluation = await farm.evaluate('franken', [{ name: 'franken', script, outputs }]);
      const build = await farm.buildOf(evaluation, 'franken');
      const first = await farm.attempt(build);
      let puts = 0;
      farm.substituters.watch = (bytes) => {
        if (!bytes.includes('PUT /local/uploads/')) return 'pass';
        puts += 1;
        return puts === 2 ? 'swallow' : 'pass';
      };
      await farm.openGate(first);
      await farm.until('the first attempt to be half uploaded', async () =>
        puts >= 2 ? true : null,
      );
      const late = first.worker.name;
      const stopped = farm.supervisors(late);
      farm.process(late).signal('SIGSTOP');
      for (const pid of stopped) signalGroup(pid, 'SIGSTOP');
      const second = await farm.attempt(build, 1);
      farm.substituters.heal();
      await farm.openGate(second);
      const end = await farm.ended(build);
      expect(endsOf(end)).toEqual(['failed-other: worker-lost', 'succeeded']);
      const before = await noncesOf(end);
      for (const pid of stopped) signalGroup(pid, 'SIGCONT');
      farm.process(late).signal('SIGCONT');
      await farm.until('the late attempt to be given up', async () =>
        existsSync(farm.attemptDirectory(first)) ? null : true,
      );
      expect(new Set(before).size).toBe(1);
      expect(before[0]).toMatch(/-/);
      expect(await noncesOf(await farm.build(build))).toEqual(before);
      expect(
        await farm.sql(`select distinct attempt_id from store_paths
      where path like '%franken%'`),
      ).toEqual([{ attempt_id: second.id }]);
    },
    patience,
  );

  it(
    'row 15: uploads cut short or sent twice end as one whole nar',
    async () => {
      const script =
        'mkdir "$out"; head -c 6000000 /dev/urandom > "$out/noise"; sha256sum < "$out/noise"';
      let sent = 0;
      let carried = 0;
      farm.substituters.watch = (bytes) => {
        if (/(PUT|PATCH|HEAD) \/local\/uploads\//.test(bytes.toString('latin1', 0, 100)))
          carried = 0;
        if (/(PUT|PATCH) \/local\/uploads\//.test(bytes.toString('latin1', 0, 100))) sent += 1;
        carried += bytes.length;
        return sent > 0 && sent <= 3 && carried > sent * 1_000_000 ? 'cut' : 'pass';
      };
      const evaluation = await farm.evaluate('cut', [{ name: 'cut', script }]);
      const end = await farm.ended(await farm.buildOf(evaluation, 'cut'));
      farm.substituters.heal();
      expect(sent).toBeGreaterThanOrEqual(4);
      expect(endsOf(end)).toEqual(['succeeded']);
      const path = end.outputs[0]!.path!;
      const { text } = await download(path);
      const noise = text.slice(-6_000_000 - 200);
      const at = noise.indexOf(Buffer.from([0x80, 0x8d, 0x5b, 0, 0, 0, 0, 0]).toString('latin1'));
      const bytes = Buffer.from(noise.slice(at + 8, at + 8 + 6_000_000), 'latin1');
      const told = await farm.text(`/api/v1/builds/${end.id}/log`);
      expect(told).toContain(createHash('sha256').update(bytes).digest('hex'));
    },
    patience,
  );

  it(
    'row 20: a log without newlines, of odd bytes and over cut wires is kept byte for byte',
    async () => {
      const script = `i=0
while [ $i -lt 40 ]; do
  i=$((i + 1)); printf 'part %s \\377\\300\\200' $i; head -c 50000 /dev/zero
done
mkdir "$out"`;
      const evaluation = await farm.evaluate('flood', [
        { name: 'flood', script: `${gate}; ${script}` },
      ]);
      const build = await farm.buildOf(evaluation, 'flood');
      const first = await farm.attempt(build);
      const wire = farm.wires.get(first.worker.name)!;
      let passed = 0;
      let cuts = 0;
      wire.watch = (bytes) => {
        passed += bytes.length;
        if (passed < 300_000 || cuts === 3) return 'pass';
        passed = 0;
        cuts += 1;
        return cuts % 2 === 0 ? 'swallow' : 'cut';
      };
      await farm.openGate(first);
      await farm.until('the wire to be cut and to swallow', async () => (cuts >= 2 ? true : null));
      wire.cut();
      const end = await farm.ended(build);
      wire.heal();
      expect(endsOf(end)).toEqual(['succeeded']);
      const expected = Buffer.concat(
        Array.from({ length: 40 }, (_, i) =>
          Buffer.concat([
            Buffer.from(`part ${i + 1} `),
            Buffer.from([0xff, 0xc0, 0x80]),
            Buffer.alloc(50_000),
          ]),
        ),
      );
      const log = await fetch(`${farm.address}/api/v1/builds/${build}/log`);
      const kept = Buffer.from(await log.arrayBuffer());
      expect(kept.length).toBe(expected.length);
      expect(kept.equals(expected)).toBe(true);
    },
    patience,
  );

  it(
    'row 20: a log past its limit ends the build as that, and keeps what was below',
    async () => {
      const script = 'yes flood; mkdir "$out"';
      const evaluation = await farm.evaluate('endless', [{ name: 'endless', script }]);
      const end = await farm.ended(await farm.buildOf(evaluation, 'endless'));
      expect([end.status, end.reason]).toEqual(['failed', 'log-limit']);
      const log = await fetch(`${farm.address}/api/v1/builds/${end.id}/log`);
      const kept = (await log.arrayBuffer()).byteLength;
      expect(kept).toBeGreaterThan(3 * 1024 * 1024);
      expect(kept).toBeLessThanOrEqual(4 * 1024 * 1024);
    },
    patience,
  );

  it(
    'row 22: a disk full on one worker is its own fault; another builds it',
    async () => {
      const data = farm.dataOf('small');
      mkdirSync(data, { recursive: true });
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'small', data]);
      try {
        let small = await farm.addWorker('small', ['--features', 'small-disk']);
        await farm.until('it to claim nothing', async () =>
          small.said.some((line) => line.includes('claims nothing')) ? true : null,
        );
        await small.kill();
        small = await farm.startAgain('small', { GAMBESON_WORKER_MIN_DISK: '0' });
        // The disk stays full for longer than a lease: the agent must go on renewing it.
        const waits = `{ sleep ${farm.leaseSeconds + 1}; exit 1; }`;
        const fill = `head -c 60000000 /dev/zero > "$out/large" 2> /dev/null || ${waits}`;
        const script = `${gate}; mkdir "$out"; ${fill}`;
        const evaluation = await farm.evaluate('large', [
          { name: 'large', script, requiredFeatures: ['small-disk'] },
        ]);
        const build = await farm.buildOf(evaluation, 'large');
        const first = await farm.attempt(build);
        expect(first.worker.name).toBe('small');
        await farm.addWorker('roomy', ['--features', 'small-disk']);
        await farm.openGate(first);
        const second = await farm.attempt(build, 1);
        expect(second.worker.name).toBe('roomy');
        await farm.openGate(second);
        const ends = endsOf(await farm.ended(build));
        expect(ends).toEqual(['failed-other: no-space', 'succeeded']);
        expect(readFileSync('/proc/mounts', 'utf8')).toContain(data);
      } finally {
        await farm.killMachine('small');
        execFileSync('umount', ['--lazy', data]);
      }
    },
    patience,
  );
});
