import { afterEach, describe, expect, it } from '@jest/globals';
import { Child, type ChildOptions } from './child.js';

const forever = "process.stdout.write('up ' + process.pid + '\\n'); setInterval(() => 1, 1000)";
const deaf = `process.on('SIGTERM', () => console.log('no')); ${forever}`;

describe('a program under the supervisor', () => {
  const children: Child[] = [];

  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.stop()));
  });

  interface Watched {
    readonly child: Child;
    readonly words: string[];
    /** Resolves with the first line told that matches. */
    told(pattern: RegExp): Promise<string>;
  }

  function run(script: string, options: Partial<ChildOptions> = {}): Watched {
    const words: string[] = [];
    const hearers = new Set<(line: string) => void>();
    const hear = (line: string): void => {
      words.push(line);
      for (const hearer of hearers) hearer(line);
    };
    const child = new Child({
      name: 'trial',
      command: [process.execPath, '-e', script],
      environment: { PATH: process.env['PATH'] },
      ready: /^up/,
      restart: true,
      farewell: [{ signal: 'SIGTERM', waitMillis: 300 }],
      hear: (_, line) => hear(line),
      tell: hear,
      ...options,
    });
    children.push(child);
    const told = (pattern: RegExp): Promise<string> =>
      new Promise((resolve) => {
        const said = words.find((word) => pattern.test(word));
        if (said) resolve(said);
        hearers.add((line) => pattern.test(line) && resolve(line));
      });
    return { child, words, told };
  }

  it('is ready when it says so', async () => {
    const { child } = run(forever);
    expect(await child.start()).toBe(`up ${child.pid}`);
  });

  it('is started again when it is killed, and that is said', async () => {
    const { child, told } = run(forever);
    await child.start();
    const first = child.pid!;
    process.kill(first, 'SIGKILL');
    await told(/ended with SIGKILL; starting it again/);
    await told(/is up again/);
    expect(child.pid).not.toBe(first);
  });

  it('is left where it fell when nobody wants it started again', async () => {
    const { child, told } = run(forever, { restart: false });
    await child.start();
    process.kill(child.pid!, 'SIGKILL');
    await told(/it is left so/);
  });

  it('is killed when it does not stop at a signal, and that is said', async () => {
    const { child, words } = run(deaf);
    await child.start();
    await child.stop();
    expect(words).toContain('trial did not stop when asked to and was killed');
    expect(() => process.kill(child.pid!, 0)).toThrow('ESRCH');
  });

  it('tells its last words when it never gets ready', async () => {
    const { child } = run("console.error('no database'); process.exit(3)");
    await expect(child.start()).rejects.toThrow(/trial ended with 3:\n.*no database/);
  });

  it('is not started again once it was asked to stop', async () => {
    const { child, words } = run(forever);
    await child.start();
    await child.stop();
    await child.stop();
    expect(words.filter((word) => /again/.test(word))).toEqual([]);
  });
});
