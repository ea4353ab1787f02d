/**
 * A generated channel of many derivations (1,000 here, 10,000 in the full run): evaluated by real
 * Nix, ingested and queued; then the time it took and the peak memory of each process are printed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { probeNix } from '#adapters/backends/nix/nix-program.js';
import { ScenarioFarm } from '#testkit/scenario-farm.js';

const count = process.env['GAMBESON_TEST_FULL'] ? 10_000 : 1000;
const nix = await probeNix();
if (!nix) process.stderr.write('PASSED OVER: the large channel needs nix\n');

/** A graph: each package needs two smaller ones, so that depth grows slowly and hubs exist. */
const release = `
{ system ? "x86_64-linux", ... }:
let
  names = builtins.genList (i: i) ${count};
  package = i: derivation {
    name = "package-\${toString i}-1.0";
    inherit system;
    builder = "/bin/sh";
    args = [ "-c" "echo \${toString i} > $out" ];
    needs = if i == 0 then [ ] else [ (get (i / 2)) (get (i / 3)) ];
  };
  all = builtins.listToAttrs
    (map (i: { name = "package-\${toString i}"; value = package i; }) names);
  get = i: all.\${"package-" + toString i};
in all
`;

let farm: ScenarioFarm;

beforeAll(async () => {
  if (nix) farm = await ScenarioFarm.start({ workers: 0 });
}, 120_000);
afterAll(() => farm?.stop(), 60_000);

describe(`a channel of ${count} derivations`, () => {
  (nix ? it : it.skip)(
    'is evaluated, ingested and queued',
    async () => {
      const channel = await farm.newChannel();
      await channel.commitFiles({ 'release.nix': release });
      const peaks = new PeakMemory(farm.pids);
      const begun = performance.now();
      await farm.watch('large', channel, {
        backend: 'nix',
        selection: { file: 'release.nix' },
      });
      const evaluation = await farm.evaluated('large', 1);
      const evaluated = (performance.now() - begun) / 1000;
      expect(evaluation).toMatchObject({ status: 'succeeded', jobCount: count, errorCount: 0 });
      expect(evaluation.newBuildCount).toBe(count);
      expect(evaluation.jobs).toEqual({ scheduled: count });

      process.stderr.write(
        `a channel of ${count} derivations: ${evaluated.toFixed(1)} s until all are queued; ` +
          `peak memory ${peaks.stop()}\n`,
      );
    },
    600_000,
  );
});

/** The largest resident size of each of the farm's processes and of what they start. */
class PeakMemory {
  private readonly peaks = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pids: ReadonlyMap<string, number>) {
    this.timer = setInterval(() => this.look(), 100);
  }

  stop(): string {
    clearInterval(this.timer);
    this.look();
    return [...this.peaks].map(([name, kilobytes]) => `${name} ${kilobytes >> 10} MB`).join(', ');
  }

  private look(): void {
    for (const [name, pid] of this.pids) {
      this.note(name, pid);
      for (const below of descendants(pid)) this.note(`${name}'s children (largest)`, below);
    }
  }

  private note(name: string, pid: number): void {
    const kilobytes = Number(/VmHWM:\s+([0-9]+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
    if (kilobytes > (this.peaks.get(name) ?? 0)) this.peaks.set(name, kilobytes);
  }
}

function descendants(pid: number): number[] {
  const tasks = names(`/proc/${pid}/task`);
  const children = tasks.flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** Empty when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
