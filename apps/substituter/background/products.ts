/** Takes build products out of the nars of outputs, one after the other. */
import { Logger } from '@nestjs/common';
import { readFileInNar } from '#adapters/nar-store/read-file-in-nar.js';
import type { Database } from '#adapters/postgres/database.js';
import { PostgresProductStore } from '#adapters/postgres/product-store.js';
import type { NarStore } from '#application/ports/nar-store.js';
import { takeProduct, type TakeProductParts } from '#application/take-product.js';

export class Products {
  private readonly logger = new Logger('products');
  private readonly parts: TakeProductParts;

  /** What is under way is given up when the signal says so. */
  constructor(database: Database, nars: NarStore, ending: AbortSignal) {
    this.parts = {
      products: new PostgresProductStore(database),
      nars,
      readFile: (wanted) => readFileInNar({ ...wanted, bytes: until(ending, wanted.bytes) }),
    };
  }

  /** Whether there may be more to do at once. */
  async pass(): Promise<boolean> {
    const looked = await this.parts.products.wish();
    const outcome = await takeProduct(this.parts);
    if (outcome.kind === 'taken') this.logger.log(`build product ${outcome.id} is there`);
    if (outcome.kind === 'refused') {
      this.logger.warn(`build product ${outcome.id} cannot be offered: ${outcome.why}`);
    }
    return looked > 0 || outcome.kind !== 'none';
  }
}

async function* until(
  ending: AbortSignal,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    ending.throwIfAborted();
    yield piece;
  }
}
