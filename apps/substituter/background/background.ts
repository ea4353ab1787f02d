/**
 * What the substituter does beside serving: it looks after the bytes. What is found broken while it
 * is served is taken back by whoever finds it; verifications and the scrub go through everything in
 * one process of the farm at a time.
 */
import { Logger } from '@nestjs/common';
import { startNarMeter } from '#adapters/nar-store/nar-meters.js';
import type { Database } from '#adapters/postgres/database.js';
import { PostgresIntegrityStore } from '#adapters/postgres/integrity-store.js';
import { Leadership } from '#adapters/postgres/leadership.js';
import { Listening } from '#adapters/postgres/listening.js';
import { PostgresVerificationStore } from '#adapters/postgres/verification-store.js';
import type { FileHash } from '#application/check-file.js';
import type { NarInventory, NarStore } from '#application/ports/nar-store.js';
import {
  isLasting,
  runVerification,
  scrubOnce,
  type RunParts,
} from '#application/run-verification.js';
import { verifySuspect, type VerifyParts } from '#application/verify-paths.js';
import { createSha256, formatHash } from '#formats/hash.js';
import type { Settings } from '#nest/settings.js';
import { sentenceOf } from '#std/farm-fault.js';
import { Encodings } from './encodings.js';
import { Loop } from './loop.js';
import { Pace } from './pace.js';
import { Products } from './products.js';

export interface BackgroundParts {
  readonly database: Database;
  readonly nars: NarStore & NarInventory;
  readonly settings: Pick<Settings, 'integrity' | 'maxNarBytes'>;
}

/** The advisory lock of the one that looks after the bytes, in the farm's own range of keys. */
const officeKey = 726_060;
const verifyTick = 5000;
const scrubTick = 30_000;
const productTick = 5000;
const encodingTick = 2000;
const megabyte = 1_000_000;

export class Background {
  private readonly logger = new Logger('integrity');
  private readonly ending = new AbortController();
  private readonly office: Leadership;
  private readonly wishes: Listening;
  private readonly loops: readonly Loop[];
  private readonly suspects = new Set<string>();
  private readonly looking: Loop;
  private readonly ledger: PostgresIntegrityStore;
  private readonly verifications: PostgresVerificationStore;

  constructor(private readonly parts: BackgroundParts) {
    const { database, settings } = parts;
    this.ledger = new PostgresIntegrityStore(database);
    this.verifications = new PostgresVerificationStore(database);
    this.office = new Leadership(database, officeKey, () => this.wake());
    const { verifyMegabytes, scrubMegabytes } = settings.integrity;
    const verifyPace = new Pace(verifyMegabytes * megabyte, this.ending.signal);
    const scrubPace = new Pace(scrubMegabytes * megabyte, this.ending.signal);
    this.looking = this.loop(verifyTick, () => this.lookAtSuspects());
    const verify = this.loop(verifyTick, () => this.verify(this.runParts(verifyPace)));
    this.wishes = new Listening(database, 'verifications', {
      heard: () => verify.wake(),
      hearing: (told) => (told ? verify.wake() : undefined),
    });
    const scrub = this.loop(scrubTick, () => this.scrub(this.runParts(scrubPace)));
    const shelf = new Products(database, parts.nars, this.ending.signal);
    const products = this.loop(productTick, async () => this.goesOn() && shelf.pass());
    const encoding = this.encodingLoop();
    const scrubbing = scrubMegabytes > 0 ? [scrub] : [];
    this.loops = [this.looking, verify, products, encoding, ...scrubbing];
  }

  async start(): Promise<void> {
    await this.office.start();
    await this.wishes.start();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await this.wishes.close();
    await this.office.stop();
  }

  /** A file that was asked for is not as its row says: its paths are taken back at once. */
  suspect(fileKey: string): void {
    this.suspects.add(fileKey);
    this.looking.wake();
  }

  private wake(): void {
    for (const loop of this.loops) loop.wake();
  }

  private async lookAtSuspects(): Promise<boolean> {
    for (const fileKey of this.suspects) {
      await verifySuspect(
        this.checkParts(async () => this.ending.signal.throwIfAborted()),
        fileKey,
      );
      this.suspects.delete(fileKey);
    }
    return false;
  }

  private async verify(parts: RunParts): Promise<boolean> {
    if (!this.goesOn()) return false;
    const verification = await this.verifications.next();
    if (!verification) return false;
    try {
      await runVerification(parts, verification, () => this.goesOn());
    } catch (error) {
      // It goes on where it was when the database or the disk is back.
      if (this.ending.signal.aborted || !isLasting(error)) throw error;
      const fault = sentenceOf(error);
      await this.verifications.end(verification.id, { files: 0, bytes: 0 }, fault);
      throw error;
    }
    return true;
  }

  private async scrub(parts: RunParts): Promise<boolean> {
    const { roundHours } = this.parts.settings.integrity;
    return this.goesOn() && (await scrubOnce(parts, roundHours));
  }

  private goesOn(): boolean {
    return this.office.isLeading && !this.ending.signal.aborted;
  }

  private encodingLoop(): Loop {
    const { database, nars, settings } = this.parts;
    const suspect = (fileKey: string): void => this.suspect(fileKey);
    const largestNar = settings.maxNarBytes;
    const encodings = new Encodings({ database, nars, largestNar, suspect });
    const goOn = (): boolean => this.goesOn();
    return this.loop(encodingTick, async () => this.goesOn() && encodings.pass(goOn));
  }

  private runParts(pace: Pace): RunParts {
    const { verifications } = this;
    const spend = (bytes: number): Promise<void> => pace.spend(bytes);
    const { nars: inventory } = this.parts;
    return { ...this.checkParts(spend), inventory, verifications, now: () => Date.now() };
  }

  private checkParts(spend: (bytes: number) => Promise<void>): VerifyParts {
    const { nars, settings } = this.parts;
    return {
      nars,
      inventory: nars,
      ledger: this.ledger,
      spend,
      startHash,
      startMeter: (compression) => startNarMeter(compression, { largestNar: settings.maxNarBytes }),
      announce: (sentence) => this.logger.error(sentence),
    };
  }

  private loop(tickMilliseconds: number, pass: () => Promise<boolean>): Loop {
    const fault = (error: unknown): void => this.logger.error(sentenceOf(error));
    return new Loop({ tickMilliseconds, pass, fault });
  }
}

function startHash(): FileHash {
  const hash = createSha256();
  return {
    update: (bytes) => hash.update(bytes),
    finish: () => ({
      fileHash: formatHash({ algorithm: 'sha256', digest: hash.digest() }),
      fileSize: hash.bytesSeen,
    }),
  };
}
