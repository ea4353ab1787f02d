/** Derivation packs as evaluators send them, compressed and not. */
import { zstdCompressSync } from 'node:zlib';
import { DerivationPackCodec } from '#adapters/nar-store/derivation-pack-codec.js';
import { decodePack, encodePack } from '#formats/derivation-pack.js';
import { sha256, toHex } from '#formats/hash.js';
import { namedFiles } from '../samples.js';
import { demand, wordsOf, type Subject } from '../subject.js';

const largest = 4 * 1024 * 1024;
const codec = new DerivationPackCodec(largest);
const dir = '/nix/store';

export const packs: Subject = {
  name: 'pack',
  samples: () => {
    const files = namedFiles('nix/drv', /\.drv$/);
    const some = encodePack(files.slice(0, 3));
    const whole = encodePack(files);
    return [some, whole, encodePack([]), ...[some, whole].map(compressed)];
  },
  words: wordsOf(
    ...['gambeson-derivations-1\n', '\0\0\0\0', '\0\0\0\0\0\0\0\0', '\xff\xff\xff\xff'],
    ...['\x26\0\0\0', `${'a'.repeat(32)}-a.drv`, 'Derive([', '../../etc/passwd.drv'],
  ),
  async take(bytes) {
    const zstd = bytes[0] === 0x28 && bytes[1] === 0xb5;
    const compression = zstd ? 'zstd' : 'none';
    const checked = await codec.check({ dir, bytes, compression });
    if (!checked.ok) return 'refused';
    const { hash, derivations } = checked.value;
    if (zstd) return 'accepted';
    demand(hash === toHex(sha256(bytes)), 'the hash is that of the bytes');
    const files = decodePack(bytes);
    demand(files.ok && files.value.length === derivations, 'it tells how many there are');
    demand(Buffer.compare(encodePack(files.value), bytes) === 0, 'it encodes back');
    return 'accepted';
  },
};

function compressed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(zstdCompressSync(bytes));
}
