/**
 * A worker's Guix backend with a daemon of the test's own, and the derivations that real Guix made
 * for the transcripts which it replays.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuixBuild, type GuixBuildOptions } from '#adapters/backends/guix/build/guix-build.js';
import type { RealiseResult } from '#application/ports/backend.js';
import { parseDerivation } from '#formats/derivation.js';
import { never, type Cancellation } from '#std/cancellation.js';
import { FakeGuixDaemon, type Replay } from '#testkit/guix-daemon.js';

export const formats = 'test/fixtures/formats/guix';
export const store = '/gnu/store';
export const drvs = {
  ok: '20gmymdwxbm03ysy1xfqvhwyls1dr18l-ok.drv',
  app: '69s18zd520qdxwr5qn0p82qbpp72byxs-demo-app-1.0.drv',
  top: 'b9f1ypg2w7zsxn0ib4s5y4qj86slzmxy-top-1.0.drv',
  dep: 'rx3zxsg648wfhxy052vrj4j287h250ca-dep-1.0.drv',
  fail: '12s6fbp4b2nz88gk7rygfly2fv584vll-fail-1.drv',
  demoFail: 'd8vpkkpl085agmiwk2kxgkr14dqinknx-demo-fail-1.0.drv',
  silent: '8dzs04mdrgf0y6m7k46v6qsqp6xxrdfw-silent-1.drv',
  slow: 'fpisfh5w87p71j59b8k774x279rw756q-slow-1.drv',
  noout: 'pacjwys8nf47kjp8bbygbwgrvzifhg0r-noout.drv',
  arm: 'bzikhwdfw7hx0zqw224wnb8dyd4bdbn5-arm.drv',
} as const;
export type Name = keyof typeof drvs;

export function bytesOf(name: Name): Uint8Array {
  return readFileSync(join(formats, 'drv', drvs[name]));
}

export function outputsOf(name: Name): Map<string, string> {
  const parsed = parseDerivation(bytesOf(name));
  if (!parsed.ok) throw new Error(parsed.error.kind);
  return new Map(parsed.value.outputs.map((output) => [output.name, output.path]));
}

export interface Realised {
  readonly started: number;
  readonly log: string;
  readonly result: RealiseResult;
}

export interface Wish {
  readonly inputs?: readonly Name[];
  readonly limits?: { readonly timeoutSeconds?: number; readonly maxSilentSeconds?: number };
  readonly maxLogBytes?: number;
  readonly cancellation?: Cancellation;
  readonly system?: string;
}

export class GuixBed {
  backend: GuixBuild;

  private constructor(
    readonly directory: string,
    readonly daemon: FakeGuixDaemon,
  ) {
    this.backend = this.open();
  }

  static async start(): Promise<GuixBed> {
    const directory = mkdtempSync(join(tmpdir(), 'guix-build-'));
    return new GuixBed(directory, await FakeGuixDaemon.start(directory));
  }

  async stop(): Promise<void> {
    this.backend.close();
    await this.daemon.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** A backend in place of the one there was. */
  open(options: Partial<GuixBuildOptions> = {}): GuixBuild {
    this.backend = new GuixBuild({
      substituter: { address: 'http://127.0.0.1:9', slug: 'guix' },
      systems: ['x86_64-linux'],
      daemon: this.daemon.socketPath,
      root: this.daemon.root,
      accessList: join(this.directory, 'acl'),
      sandboxed: true,
      ...options,
    });
    return this.backend;
  }

  /** Whatever is asked for next goes so. */
  plays(replay: Replay): void {
    this.daemon.replay = () => replay;
  }

  /** Imports the derivation (and what it needs), then has it built. */
  async build(name: Name, wish: Wish = {}): Promise<Realised> {
    const { inputs = [], limits = {}, maxLogBytes = 1 << 20 } = wish;
    const { cancellation = never, system = 'x86_64-linux' } = wish;
    const files = [...inputs, name].map((one) => ({
      path: `${store}/${drvs[one]}`,
      bytes: bytesOf(one),
    }));
    await this.backend.importDerivations(files);
    const realising = this.backend.realise(
      {
        derivation: `${store}/${drvs[name]}`,
        system,
        limits: { timeoutSeconds: 3600, maxSilentSeconds: 600, ...limits },
        cores: 3,
        maxLogBytes,
        workDirectory: this.directory,
        substituter: { address: 'http://127.0.0.1:9', publicKeys: [] },
      },
      cancellation,
    );
    let started = 0;
    const pieces: Uint8Array[] = [];
    let step = await realising.next();
    for (; !step.done; step = await realising.next()) {
      if (step.value.kind === 'started') started++;
      else pieces.push(step.value.bytes);
    }
    return { started, log: Buffer.concat(pieces).toString('utf8'), result: step.value };
  }
}
