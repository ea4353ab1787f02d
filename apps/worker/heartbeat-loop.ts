/**
 * The heartbeat: tells the farm how the machine is and which attempts live, so that their leases
 * are renewed; and renews the promise to the attempts' own supervisors. The promise does not hang
 * on the farm's answer: an outage of the farm must end no build, and a build that was given to
 * another worker meanwhile is told so (`lost`, `cancel`) as soon as the farm is back.
 */
import { readFileSync, statfsSync } from 'node:fs';
import { freemem, loadavg } from 'node:os';
import type { WorkerMessage } from '#protocol/worker.js';
import type { AttemptLedger } from './attempt-ledger.js';

export interface HeartbeatParts {
  readonly ledger: AttemptLedger;
  readonly data: string;
  readonly send: (message: WorkerMessage) => void;
}

export class HeartbeatLoop {
  #timer: NodeJS.Timeout | undefined;
  #leaseSeconds = 30;

  constructor(private readonly parts: HeartbeatParts) {}

  start(heartbeatSeconds: number, leaseSeconds: number): void {
    this.#leaseSeconds = leaseSeconds;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.beat(), heartbeatSeconds * 1000);
    this.beat();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  beat(): void {
    const { ledger, data, send } = this.parts;
    for (const { directory } of ledger.running()) directory.renewLease(this.#leaseSeconds);
    send({
      type: 'heartbeat',
      freeSlots: ledger.freeSlots().length,
      load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
      memoryFree: availableMemory(),
      diskFree: availableDisk(data),
      attempts: ledger.all().map(({ attempt, fence }) => ({ attempt, fence })),
    });
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

function availableDisk(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}
