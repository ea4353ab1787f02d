/**
 * Makes encodings in the background, one nar after the other. It looks through everything at the
 * start and now and then, and at what is new in between.
 */
import { Logger } from '@nestjs/common';
import { startNarMeter } from '#adapters/nar-store/nar-meters.js';
import { ProgramCodec } from '#adapters/nar-store/program-codec.js';
import type { Database } from '#adapters/postgres/database.js';
import { PostgresEncodingStore } from '#adapters/postgres/encoding-store.js';
import { addEncodings, wishesOf, type EncodingParts } from '#application/add-encodings.js';
import type { NarStore } from '#application/ports/nar-store.js';
import { addableEncodings, type AddableEncoding } from '#domain/substitute/encodings.js';
import { invariant } from '#std/invariant.js';

export interface EncodingsParts {
  readonly database: Database;
  readonly nars: NarStore;
  readonly largestNar: number;
  readonly suspect: (fileKey: string) => void;
}

/** Milliseconds after which everything is looked through again. */
const roundMilliseconds = 3_600_000;

export class Encodings {
  private readonly logger = new Logger('encodings');
  private readonly parts: EncodingParts;
  private available: ReadonlySet<AddableEncoding> | null = null;
  private after = 0;
  private roundBegan = performance.now();
  /** What the stores wanted when everything was looked through. */
  private wished = '';

  constructor({ database, nars, largestNar, suspect }: EncodingsParts) {
    this.parts = {
      encodings: new PostgresEncodingStore(database),
      nars,
      codec: new ProgramCodec(),
      startMeter: () => {
        const meter = startNarMeter('none', { largestNar });
        invariant(meter, 'what is not compressed can be measured');
        return meter;
      },
      suspect,
      announce: (sentence) => this.logger.error(sentence),
    };
  }

  /** Whether there may be more to do at once. */
  async pass(goOn: () => boolean): Promise<boolean> {
    this.available ??= await this.look();
    const wishes = await wishesOf(this.parts, this.available);
    this.beginAgain(JSON.stringify(wishes));
    if (wishes.length === 0) return false;
    const { last, made } = await addEncodings(this.parts, { wishes, after: this.after }, goOn);
    if (made > 0) this.logger.log(`${made} encodings of nars were made`);
    if (last === null) return false;
    this.after = last;
    return true;
  }

  private beginAgain(wished: string): void {
    const due = performance.now() - this.roundBegan > roundMilliseconds;
    if (!due && wished === this.wished) return;
    this.wished = wished;
    this.roundBegan = performance.now();
    this.after = 0;
  }

  private async look(): Promise<ReadonlySet<AddableEncoding>> {
    const available = await this.parts.codec.available();
    for (const encoding of addableEncodings) {
      if (!available.has(encoding)) this.logger.warn(`there is no ${encoding} here: none is made`);
    }
    return available;
  }
}
