/**
 * The heartbeat: tells the farm how the machine is and which attempts live, so that their leases
 * are renewed; and renews the promise to the attempts' own supervisors. The promise does not hang
 * on the farm's answer: an outage of the farm must end no build, and a build that was given to
 * another worker meanwhile is told so (`lost`, `cancel`) as soon as the farm is back.
 */
import { readFileSync } from 'node:fs';
import { freemem, loadavg } from 'node:os';
import type { HoldsBack, WorkerMessage } from '#protocol/worker.js';
import type { AttemptLedger, HeldAttempt } from './attempt-ledger.js';
import { freeBytes } from './disk-guard.js';
import { say } from './say.js';

export interface HeartbeatParts {
  readonly ledger: AttemptLedger;
  readonly data: string;
  readonly minDisk: number;
  holdsBack(): HoldsBack | null;
  send(message: WorkerMessage): void;
  /** The farm holds the line, and carries out nothing that is said. */
  unheard(): void;
}

export interface HeartbeatTerms {
  readonly heartbeatSeconds: number;
  readonly leaseSeconds: number;
  /** Of the conversation; null while there is none. */
  readonly protocol: number | null;
}

export class HeartbeatLoop {
  #timer: NodeJS.Timeout | undefined;
  #terms: HeartbeatTerms = { heartbeatSeconds: 10, leaseSeconds: 30, protocol: null };
  #sequence = 0;
  /** Runs out when the farm has long not shown that it carries out what is said. */
  #patience: NodeJS.Timeout | undefined;

  constructor(private readonly parts: HeartbeatParts) {}

  start(terms: HeartbeatTerms): void {
    this.#terms = terms;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.beat(), terms.heartbeatSeconds * 1000);
    this.#waitForAnswer();
    this.beat();
  }

  /** The conversation is lost: attempts are looked after all the same. */
  lost(): void {
    this.#terms = { ...this.#terms, protocol: null };
    clearTimeout(this.#patience);
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#patience);
  }

  beat(): void {
    const { ledger, data, minDisk, holdsBack, send } = this.parts;
    const { leaseSeconds, protocol } = this.#terms;
    for (const held of ledger.running()) renew(held, leaseSeconds);
    if (protocol === null) return;
    const more = { sequence: ++this.#sequence, holdsBack: holdsBack(), minDisk };
    send({
      type: 'heartbeat',
      freeSlots: holdsBack() === null ? ledger.freeSlots().length : 0,
      load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
      memoryFree: availableMemory(),
      diskFree: freeBytes(data),
      attempts: ledger.all().map(({ attempt, fence }) => ({ attempt, fence })),
      ...(protocol >= 2 ? more : {}),
    });
  }

  /** The farm has carried out a heartbeat. */
  acknowledged(): void {
    this.#waitForAnswer();
  }

  /**
   * A farm of version 2 that is silent for two thirds of a lease is tried elsewhere. Not at the
   * next heartbeat, which is due when the lease runs out: the last third is for coming back.
   */
  #waitForAnswer(): void {
    clearTimeout(this.#patience);
    const { protocol, leaseSeconds } = this.#terms;
    if (protocol === null || protocol < 2) return;
    this.#patience = setTimeout(() => this.parts.unheard(), (leaseSeconds * 1000 * 2) / 3);
  }
}

/** A disk that is full must not end the agent, which has that to tell. */
function renew({ attempt, directory }: HeldAttempt, leaseSeconds: number): void {
  try {
    directory.renewLease(leaseSeconds);
  } catch (thrown) {
    say(`attempt ${attempt} cannot be looked after: ${String(thrown)}`);
  }
}

/** Bytes that a new program may have, caches counted as free. */
function availableMemory(): number {
  try {
    const kibibytes = /^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1];
    return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024;
  } catch {
    return freemem();
  }
}
