/** `gambeson up` as a child process whose JSON lines are read. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { freePort } from '#adapters/postgres/embedded.js';

export interface UpLine {
  readonly event: string;
  readonly seconds: number;
  readonly [field: string]: unknown;
}

export interface Up {
  readonly child: ChildProcess;
  readonly lines: UpLine[];
  /** Resolves with the first line of this event; rejects, with all that was said, at the end. */
  line(event: string): Promise<UpLine>;
  /** Resolves when some prose matches; rejects at the end, as `line` does. */
  said(pattern: RegExp): Promise<UpLine>;
  /** Resolves with the exit status. */
  readonly exited: Promise<number | null>;
  /** What it wrote to its error output. */
  complaints(): string;
}

/** Those that have not ended: a test that fails must leave no farm behind. */
const living = new Set<Up>();

/** Ends what a failed test has left; of one that went well there is nothing. */
export async function endLiving(): Promise<void> {
  for (const { child, exited } of living) {
    child.kill('SIGTERM');
    await exited;
  }
}

export async function startUp(data: string, options: readonly string[]): Promise<Up> {
  const ports = [
    '--port',
    String(await freePort()),
    '--substituter-port',
    String(await freePort()),
  ];
  const command = ['dist/apps/cli/main.js', 'up', '--json', '--data', data, ...ports, ...options];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: UpLine[] = [];
  const hearers = new Set<(line: UpLine) => void>();
  let complaints = '';
  child.stderr.on('data', (bytes: Buffer) => (complaints += bytes.toString()));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as UpLine;
    lines.push(line);
    for (const hear of hearers) hear(line);
  });
  const exited = once(child, 'close').then(([status]) => status as number | null);
  const first = (wanted: (line: UpLine) => boolean, name: string): Promise<UpLine> => {
    const said = lines.find(wanted);
    if (said) return Promise.resolve(said);
    return new Promise((resolve, reject) => {
      hearers.add((line) => wanted(line) && resolve(line));
      void exited.then(() => {
        const all = lines.map((line) => JSON.stringify(line)).join('\n');
        reject(new Error(`up ended without saying ${name}:\n${all}\n${complaints}`));
      });
    });
  };
  const up: Up = {
    child,
    lines,
    exited,
    complaints: () => complaints,
    line: (event) => first((line) => line.event === event, event),
    said: (pattern) => first((line) => pattern.test(String(line['text'])), String(pattern)),
  };
  living.add(up);
  void exited.then(() => living.delete(up));
  return up;
}

/** Command lines of living processes that name the directory. */
export function processesNaming(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(directory));
}
