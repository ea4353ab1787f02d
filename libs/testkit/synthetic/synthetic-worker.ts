/**
 * A worker agent of the simulation: the real conversation, real uploads, a builder that only
 * pretends. Anything that the farm should never do to it is a fault in the ledger.
 */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { encodeLogFrame } from '#protocol/log-frame.js';
import {
  GatewayMessage,
  protocolVersions,
  type BuildMessage,
  type EnrolAnswer,
  type Hello,
  type Welcome,
  type WorkerMessage,
} from '#protocol/worker.js';
import type { BuildLedger } from './build-ledger.js';
import type { DerivationShelf } from './derivation-shelf.js';
import { makeOutput, putNar } from './nar-upload.js';
import type { StageTimes } from './stage-times.js';
import { stubbornly } from './stubbornly.js';

export interface Machine {
  readonly system: string;
  readonly features: readonly string[];
  readonly slots: number;
}

export interface Workshop {
  readonly ledger: BuildLedger;
  readonly shelf: DerivationShelf;
  readonly times: StageTimes;
  /** How long a build pretends to run, in milliseconds. */
  durationOf(build: BuildMessage): number;
}

/** Of the inputs of a build, so many are in its output's bytes. */
const referencesAtMost = 4;
/** Of so many builds one asks whether its inputs can be downloaded. */
const inputsAskedOf = 50;

export class SyntheticWorker {
  private readonly running = new Map<string, BuildMessage>();
  private readonly reported = new Map<string, (accepted: boolean) => void>();
  private welcome: Welcome | null = null;
  private beating: NodeJS.Timeout | undefined;
  private sequence = 0;
  private leaving = false;

  private constructor(
    private readonly name: string,
    private readonly socket: WebSocket,
    private readonly machine: Machine,
    private readonly shop: Workshop,
  ) {}

  /** Resolves when the farm has welcomed it, at the api of this address. */
  static async connect(
    place: { readonly address: string; readonly identity: EnrolAnswer },
    machine: Machine,
    shop: Workshop,
  ): Promise<SyntheticWorker> {
    const { worker, name, credential } = place.identity;
    const url = `${place.address.replace(/^http/, 'ws')}/api/v1/workers/connect`;
    const headers = { authorization: `Bearer ${credential}` };
    const socket = new WebSocket(url, { headers, perMessageDeflate: false });
    await once(socket, 'open');
    const made = new SyntheticWorker(name ?? worker, socket, machine, shop);
    await made.greet();
    return made;
  }

  /** Takes builds from now on, into every slot. */
  work(): void {
    this.send({ type: 'claim', slots: Array.from({ length: this.machine.slots }, (_, i) => i) });
  }

  leave(): void {
    this.leaving = true;
    clearInterval(this.beating);
    this.socket.close(1000, 'goodbye');
  }

  private async greet(): Promise<void> {
    const welcomed = new Promise<void>((resolve, reject) => {
      this.socket.on('message', (data, isBinary) => {
        if (!isBinary) this.hear(GatewayMessage.parse(JSON.parse(String(data as Buffer))));
        if (this.welcome) resolve();
      });
      this.socket.once('close', (code, reason) => {
        if (!this.leaving) this.fault(`the gateway hung up: ${code} ${String(reason)}`);
        reject(new Error('the gateway hung up'));
      });
      this.socket.on('error', (error) => this.fault(error.message));
    });
    this.send(helloOf(this.machine));
    await welcomed;
    const { heartbeatSeconds } = this.welcome!;
    this.beating = setInterval(() => this.beat(), heartbeatSeconds * 1000);
  }

  private hear(message: GatewayMessage): void {
    switch (message.type) {
      case 'welcome':
        this.welcome = message;
        return;
      case 'build':
        return this.begin(message);
      case 'acknowledged':
        if (message.of === 'report') this.reported.get(message.attempt)?.(message.accepted);
        return;
      case 'cancel':
        // A heartbeat that crossed its report names an attempt that is over.
        if (this.reported.has(message.attempt) || !this.running.has(message.attempt)) return;
        return this.fault(`the farm canceled ${JSON.stringify(message)}`);
      default:
        return this.fault(`the farm said ${JSON.stringify(message)}`);
    }
  }

  private begin(build: BuildMessage): void {
    this.shop.ledger.giving(build.build, build.attempt);
    this.running.set(build.attempt, build);
    void this.perform(build).catch((error: unknown) => {
      this.fault(`build ${build.build}: ${String(error)}`);
    });
  }

  private async perform(build: BuildMessage): Promise<void> {
    const { attempt, fence, store, slot } = build;
    const address = `${this.welcome!.substituter}/${store.slug}`;
    const { shelf, times, ledger } = this.shop;
    const { inputs } = await times.of('derivation', shelf.take(address, build.derivation));
    if (Number(build.build) % inputsAskedOf === 0) await allOffered(address, inputs);
    this.send({ type: 'started', attempt, fence });
    const duration = this.shop.durationOf(build);
    if (duration > 0) await pause(duration);
    const log = Buffer.from(logOf(build));
    this.socket.send(encodeLogFrame({ attempt: Number(attempt), offset: 0, bytes: log }));
    const outputs = [];
    for (const { name, path } of build.outputs) {
      const made = makeOutput(build, { name, path: path ?? '' }, pick(inputs, Number(attempt)));
      await times.of('upload', putNar(address, made, build.uploadToken));
      outputs.push(made.told);
    }
    const result = { kind: 'succeeded', outputs } as const;
    const report = { type: 'report', attempt, fence, logBytes: log.length, result } as const;
    const accepted = await times.of('report', this.report(report));
    this.running.delete(attempt);
    ledger.taken(build.build, accepted);
    if (!this.leaving) this.send({ type: 'claim', slots: [slot] });
  }

  private async report(message: Extract<WorkerMessage, { type: 'report' }>): Promise<boolean> {
    const { attempt } = message;
    const settled = new Promise<boolean>((resolve) => this.reported.set(attempt, resolve));
    this.send(message);
    return settled.finally(() => this.reported.delete(attempt));
  }

  private beat(): void {
    const attempts = [...this.running.values()].map(({ attempt, fence }) => ({ attempt, fence }));
    this.send({
      type: 'heartbeat',
      freeSlots: this.machine.slots - attempts.length,
      load: 1,
      memoryFree: 2 ** 33,
      diskFree: 2 ** 37,
      attempts,
      sequence: ++this.sequence,
      holdsBack: null,
      minDisk: 2 ** 30,
    });
  }

  private send(message: WorkerMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  private fault(sentence: string): void {
    this.shop.ledger.fault(`${this.name}: ${sentence}`);
  }
}

/** What a build says; asked for again when it is done. */
export function logOf({ derivation }: Pick<BuildMessage, 'derivation'>): string {
  return `building ${derivation}\nmaking all\ninstalling\n${'.'.repeat(120)}\ndone\n`;
}

/** Some of them, others for another attempt, in order. */
function pick(inputs: readonly string[], attempt: number): string[] {
  const from = inputs.length > referencesAtMost ? attempt % inputs.length : 0;
  const turned = [...inputs.slice(from), ...inputs.slice(0, from)];
  return [...new Set(turned)].slice(0, referencesAtMost).sort();
}

async function allOffered(address: string, inputs: readonly string[]): Promise<void> {
  for (const input of inputs) {
    const url = `${address}/${input.slice(0, 32)}.narinfo`;
    const answer = await stubbornly(() => fetch(url, { method: 'HEAD' }));
    if (!answer.ok) throw new Error(`its input ${input} is not offered: ${answer.status}`);
  }
}

function helloOf({ system, features, slots }: Machine): Hello {
  return {
    type: 'hello',
    protocol: [...protocolVersions],
    version: 'synthetic',
    systems: [system],
    features: [...features],
    slots,
    cores: 1,
    speed: 1,
    backends: ['local'],
    attempts: [],
  };
}
