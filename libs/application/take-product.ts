/**
 * Takes one wished file out of the nar of its output into the nar store, where it is served from by
 * ranges. The nar is read to its end and its hash recomputed before anything is told.
 */
import { FarmFault } from '#std/farm-fault.js';
import { fileNameOf, followLink, partsOf } from '#domain/build/build-product.js';
import { productKey, type FileKey } from '#domain/substitute/file-key.js';
import type { FoundInNar } from '#formats/nar/found.js';
import type { ReadFileInNar } from './ports/file-in-nar.js';
import type { NarStore, StagedFile } from './ports/nar-store.js';
import type { ProductSource, ProductStore, WishedProduct } from './ports/product-store.js';

export interface TakeProductParts {
  readonly products: ProductStore;
  readonly nars: Pick<NarStore, 'stage' | 'open' | 'size'>;
  readonly readFile: ReadFileInNar;
}

export type ProductOutcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'taken'; readonly id: number }
  | { readonly kind: 'refused'; readonly id: number; readonly why: string }
  /** The output was let go meanwhile. */
  | { readonly kind: 'gone'; readonly id: number };

/** Links in a row that are followed. */
const linksAtMost = 16;

/** One wish, if there is one. Throws FarmFault when the nar cannot be read; the wish stands. */
export async function takeProduct(parts: TakeProductParts): Promise<ProductOutcome> {
  const wish = await parts.products.claim();
  if (!wish) return { kind: 'none' };
  const why = wish.source
    ? await follow(parts, { wish, source: wish.source })
    : 'the derivation has no such output';
  if (typeof why !== 'string') return why;
  await parts.products.refuse(wish.id, why);
  return { kind: 'refused', id: wish.id, why };
}

interface Following {
  readonly wish: WishedProduct;
  readonly source: ProductSource;
}

/** A sentence says why there is no such file. */
async function follow(
  parts: TakeProductParts,
  { wish, source }: Following,
): Promise<ProductOutcome | string> {
  const root = `${source.dir}/${source.storePath}`;
  let way = partsOf(wish.path);
  for (let links = 0; links <= linksAtMost; links += 1) {
    const staged = await parts.nars.stage();
    try {
      const found = await copyOut(parts, source, { way, staged });
      if (found.kind === 'file') return await keep(parts, wish, { staged, source });
      if (found.kind === 'directory') return 'it is a directory';
      if (found.kind === 'absent') return 'the output has no such file';
      const next = followLink(way, found.consumed, { target: found.target, root });
      if (!next) return 'a link on the way leads out of the output';
      way = next;
    } finally {
      await staged.discard();
    }
  }
  return 'there are too many links on the way';
}

interface Copying {
  readonly way: readonly string[];
  readonly staged: StagedFile;
}

/** Writes the file's contents to the staged one, if the way leads to a file. */
async function copyOut(
  { nars, readFile }: TakeProductParts,
  source: ProductSource,
  { way, staged }: Copying,
): Promise<FoundInNar> {
  const { narHash, narSize, storePath } = source;
  const [nar] = source.files;
  const file = nar && (await nars.open(nar.fileKey as FileKey));
  try {
    const write = (bytes: Uint8Array): Promise<void> => staged.write(bytes);
    const { compression } = nar ?? { compression: 'none' };
    const read = file && (await readFile({ compression, bytes: file.bytes, way, write, narSize }));
    if (read?.digest.narHash === narHash) return read.found;
  } finally {
    await file?.close();
  }
  throw new FarmFault('corrupt-data', `the nar of ${storePath} is not what its row says`, 'later');
}

interface Kept {
  readonly staged: StagedFile;
  readonly source: ProductSource;
}

/** Bytes first, row second, as every upload. */
async function keep(
  { products, nars }: TakeProductParts,
  { id, path }: WishedProduct,
  { staged, source }: Kept,
): Promise<ProductOutcome> {
  const { fileHash, fileSize } = await staged.finish();
  const fileKey = productKey(fileHash);
  await staged.commit(fileKey);
  const { pathId, storePath } = source;
  const fileName = fileNameOf(path, storePath);
  const taken = await products.take(id, { pathId, fileName, fileHash, fileSize, fileKey });
  if (!taken) return { kind: 'gone', id };
  if ((await nars.size(fileKey)) !== fileSize) await staged.commit(fileKey);
  return { kind: 'taken', id };
}
