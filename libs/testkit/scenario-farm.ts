/**
 * A whole farm for a scenario: `gambeson up` from the built programs, with real servers and
 * processes on ports and data of its own, reached only as people reach it: over HTTP, git and
 * signals.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '#adapters/postgres/embedded.js';
import { FarmClient } from './farm-client.js';
import { ScenarioChannel } from './scenario-channel.js';

const program = fileURLToPath(new URL('../../dist/apps/cli/main.js', import.meta.url));
const patienceMillis = 60_000;

export interface Wanted {
  readonly workers?: number;
  readonly maxJobs?: number;
  readonly cores?: number;
  readonly leaseSeconds?: number;
  readonly more?: readonly string[];
}

interface UpEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export class ScenarioFarm extends FarmClient {
  readonly pids = new Map<string, number>();
  private readonly waiting = new Set<(event: UpEvent) => void>();
  private facts: Record<string, string> = {};

  private constructor(
    readonly directory: string,
    private readonly child: ChildProcess,
  ) {
    super();
    createInterface({ input: child.stdout! }).on('line', (line) => this.hear(line));
    createInterface({ input: child.stderr! }).on('line', (line) => this.said.push(line));
  }

  static async start(wanted: Wanted = {}): Promise<ScenarioFarm> {
    const directory = await mkdtemp(join(tmpdir(), 'gambeson-scenario-'));
    await chmod(directory, 0o755);
    const ports = [await freePort(), await freePort()];
    const flags = [
      ...['--json', '--no-demo', '--data', join(directory, 'farm')],
      ...['--port', String(ports[0]), '--substituter-port', String(ports[1])],
      ...['--workers', String(wanted.workers ?? 2), '--max-jobs', String(wanted.maxJobs ?? 2)],
      ...['--cores', String(wanted.cores ?? 1)],
      ...['--lease-seconds', String(wanted.leaseSeconds ?? 5)],
      ...(wanted.more ?? []),
    ];
    const child = spawn(process.execPath, [program, 'up', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const farm = new ScenarioFarm(directory, child);
    const up = await farm.event((event) => event.event === 'up');
    farm.facts = up as unknown as Record<string, string>;
    farm.token = (await readFile(farm.fact('adminTokenFile'), 'utf8')).trim();
    return farm;
  }

  get address(): string {
    return this.fact('dashboard');
  }

  fact(name: string): string {
    return String(this.facts[name]);
  }

  newChannel(name = 'packages'): Promise<ScenarioChannel> {
    return ScenarioChannel.create(join(this.directory, 'channels', name));
  }

  /**
   * Kills one of the farm's processes as it was started first; with restart it is up again after.
   */
  async kill(name: string): Promise<void> {
    const pid = this.pids.get(name);
    if (pid === undefined) throw new Error(`${name} was never started`);
    const again = this.event((e) => e.event === 'said' && e['text'] === `${name} is up again`);
    process.kill(pid, 'SIGKILL');
    await again;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await gone;
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  private hear(line: string): void {
    this.said.push(line);
    if (!line.startsWith('{')) return;
    const event = JSON.parse(line) as UpEvent;
    if (event.event === 'started') this.pids.set(String(event['name']), Number(event['pid']));
    for (const listener of this.waiting) listener(event);
  }

  private event(wanted: (event: UpEvent) => boolean): Promise<UpEvent> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`the farm did not say it:\n${this.said.slice(-40).join('\n')}`)),
        patienceMillis,
      );
      const ended = (code: number | null): void =>
        reject(new Error(`the farm ended with ${code}:\n${this.said.slice(-40).join('\n')}`));
      this.child.once('exit', ended);
      const listener = (event: UpEvent): void => {
        if (!wanted(event)) return;
        clearTimeout(late);
        this.child.off('exit', ended);
        this.waiting.delete(listener);
        resolve(event);
      };
      this.waiting.add(listener);
    });
  }
}
