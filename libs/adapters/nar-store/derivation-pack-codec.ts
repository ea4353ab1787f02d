/** Opens derivation packs as they arrive, and checks that each `.drv` in them owns its path. */
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import type { CheckedPack, PackCodec, PackRefusal } from '#application/ports/pack-codec.js';
import { derivationName, derivationPath } from '#formats/derivation-paths.js';
import { readPack, type PackedDerivation } from '#formats/derivation-pack.js';
import { parseDerivation } from '#formats/derivation.js';
import { sha256, toHex } from '#formats/hash.js';
import { err, ok, type Result } from '#std/result.js';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** The level of everything that the farm compresses: 235 MB/s, and 17 % smaller than gzip. */
const params = { [constants.ZSTD_c_compressionLevel]: 3 };
/** How many paths are recomputed before others may have the event loop. */
const breath = 500;

export class DerivationPackCodec implements PackCodec {
  /** `largest` bounds a pack before its compression, in bytes. */
  constructor(private readonly largest = 256 * 1024 * 1024) {}

  async check(pack: {
    readonly dir: string;
    readonly bytes: Uint8Array;
    readonly compression: 'zstd' | 'none';
  }): Promise<Result<CheckedPack, PackRefusal>> {
    const plain = pack.compression === 'zstd' ? await this.open(pack.bytes) : ok(pack.bytes);
    if (!plain.ok) return plain;
    let derivations = 0;
    for (const file of readPack(plain.value)) {
      if (!file.ok) {
        return err({ kind: 'malformed-pack', detail: `at byte ${file.error.offset}` });
      }
      const { name } = file.value;
      const detail = strangeness(pack.dir, file.value);
      if (detail !== null) return err({ kind: 'not-a-derivation', name, detail });
      derivations += 1;
      if (derivations % breath === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    // Whoever reads it checks the hash of what it unfolds to, as here.
    const zstd = pack.compression === 'zstd';
    const compressed = zstd ? pack.bytes : await compress(plain.value, { params });
    const hash = toHex(sha256(plain.value));
    return ok({ hash, derivations, compressed });
  }

  private async open(bytes: Uint8Array): Promise<Result<Uint8Array, PackRefusal>> {
    try {
      return ok(await decompress(bytes, { maxOutputLength: this.largest }));
    } catch (error) {
      const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      return err(tooLarge ? { kind: 'too-large', limit: this.largest } : { kind: 'not-zstd' });
    }
  }
}

/** Why the file is not the derivation that it says to be; null when it is. */
function strangeness(dir: string, file: PackedDerivation): string | null {
  const name = derivationName(dir, `${dir}/${file.name}`);
  if (name === undefined) return 'its name is not that of a derivation';
  const derivation = parseDerivation(file.bytes);
  if (!derivation.ok) return `it cannot be read: ${derivation.error.kind}`;
  const own = derivationPath({ dir, name, bytes: file.bytes, derivation: derivation.value });
  return own === `${dir}/${file.name}` ? null : `its bytes belong to ${own}`;
}
