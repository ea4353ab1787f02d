/**
 * Inputs that are made to exhaust whoever reads them: they unfold to far more than they are, nest
 * without end, or count what is not there. All of them are refused, in the time and the memory that
 * `hostile.spec.ts` says.
 */
import { zstdCompressSync } from 'node:zlib';
import { DerivationPackCodec } from '#adapters/nar-store/derivation-pack-codec.js';
import { ZstdNarMeter } from '#adapters/nar-store/zstd-nar-meter.js';
import { defaultNarLimits, encodeNar, type NarNode } from '#formats/nar.js';
import { demand, wordsOf, type Subject, type Verdict } from './subject.js';
import { derivations } from './subjects/derivations.js';
import { narinfos } from './subjects/narinfos.js';
import { nars } from './subjects/nars.js';
import { offers } from './subjects/requests.js';
import { sexps } from './subjects/s-expressions.js';
import { unpacked } from './subjects/unpacked.js';
import { zstdFrame } from './zstd-frame.js';

const dir = '/nix/store';
const isFull = process.env['GAMBESON_TEST_FULL'] === '1';
/** As the substituter has it, in the full run; what is smaller is refused sooner. */
const largestNar = isFull ? 32 * 1024 ** 3 : 96 * 1024 ** 2;
const largestPack = (isFull ? 256 : 48) * 1024 ** 2;

/** Each string as it stands in a nar. */
function narText(...strings: readonly string[]): string {
  return strings
    .map((text) => {
      const length = Buffer.alloc(8);
      length.writeUInt32LE(text.length);
      return length.toString('latin1') + text.padEnd(Math.ceil(text.length / 8) * 8, '\0');
    })
    .join('');
}

const magic = narText('nix-archive-1');
const directory = narText('(', 'type', 'directory');
const entry = (name: string): string => narText('entry', '(', 'name', name, 'node');
const fileOf = (size: bigint): string => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(size);
  return narText('(', 'type', 'regular', 'contents') + length.toString('latin1');
};

const deep = magic + (directory + entry('a')).repeat(100_000);
const badNames = ['', '.', '..', '/', 'a/b', '../a', 'a\0b', '\0', 'a'.repeat(256)].map(
  (name) => `${magic}${directory}${entry(name)}${narText('(', 'type', 'directory', ')')}`,
);
const longStrings = [2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n].flatMap((size) => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(size);
  const told = length.toString('latin1');
  return [told, magic + told, `${magic}${narText('(', 'type')}${told}`, magic + fileOf(size)];
});

/** As deep as a nar may be: that one is read, and one more is not. */
function nested(depth: number): Uint8Array {
  let node: NarNode = { type: 'symlink', target: Buffer.from('x') };
  for (let i = 0; i < depth; i += 1) {
    node = { type: 'directory', entries: [{ name: Buffer.from('d'), node }] };
  }
  return encodeNar(node);
}

function refusing(name: string, reader: Subject['take'], samples: () => Uint8Array[]): Subject {
  return { name: `${name} bombs`, samples, samplesRefused: true, words: [], take: refused(reader) };
}

function refused(reader: Subject['take']): Subject['take'] {
  return async (bytes): Promise<Verdict> => {
    demand((await reader(bytes)) === 'refused', 'a bomb is refused');
    return 'refused';
  };
}

async function upload(bytes: Uint8Array): Promise<Verdict> {
  const meter = new ZstdNarMeter({ largestNar });
  try {
    for (let at = 0; at < bytes.length; at += 64 * 1024) {
      const pushed = await meter.push(bytes.subarray(at, at + 64 * 1024));
      if (!pushed.ok) return 'refused';
    }
    return (await meter.finish()).ok ? 'accepted' : 'refused';
  } finally {
    meter.close();
  }
}

async function pack(bytes: Uint8Array): Promise<Verdict> {
  const checked = await new DerivationPackCodec(largestPack).check({
    dir,
    bytes,
    compression: 'zstd',
  });
  return checked.ok ? 'accepted' : 'refused';
}

const hostileNars = (): Uint8Array[] => [
  ...wordsOf(deep, ...badNames, ...longStrings),
  nested(defaultNarLimits.depth + 1),
];

export const bombs: readonly Subject[] = [
  refusing('nar', nars.take, hostileNars),
  refusing('unpack', unpacked.take, hostileNars),
  refusing('upload', upload, () => [
    // 10 GB of zeros in 330 kB; frames that ask for 2 TB of memory, or hold nothing for ever.
    zstdFrame({ text: magic + fileOf(10n ** 10n), zeros: 10 ** 10 }),
    zstdFrame({ text: magic, zeros: 0, window: 31 }),
    zstdFrame({ text: magic, zeros: 0, emptyBlocks: 2_000_000 }),
    Buffer.concat(Array.from({ length: 100_000 }, () => Buffer.from('502a4d1800000000', 'hex'))),
    ...hostileNars().map((nar) => Uint8Array.from(zstdCompressSync(nar))),
  ]),
  refusing('pack', pack, () => {
    const head = 'gambeson-derivations-1\n';
    return [
      // As many empty files as fit: 32 million in 8 kB, in a whole pack.
      zstdFrame({ text: head, zeros: largestPack - 1024 ** 2 }),
      zstdFrame({ text: head, zeros: 10 ** 10 }),
      ...wordsOf(`${head}\xff\xff\xff\xff`, `${head}\x26\0\0\0\xff\xff\xff\x7f`).map((bytes) =>
        Uint8Array.from(zstdCompressSync(bytes)),
      ),
    ];
  }),
  refusing('derivation', derivations.take, () =>
    wordsOf(
      '['.repeat(8_000_000),
      `Derive([],[],[],"","",[${'"",'.repeat(1_000_000)}`,
      `Derive([],[],[],"${'\\n'.repeat(4_000_000)}`,
      `Derive([],[],["${'\\"'.repeat(2_000_000)}`,
      `Derive([${'("a","","",""),'.repeat(500_000)}`,
    ),
  ),
  refusing('narinfo', narinfos.take, () =>
    wordsOf(
      'x'.repeat(8_000_000),
      `${'X: y\n'.repeat(1_000_000)}`,
      `References: ${`${'a'.repeat(32)}-a `.repeat(200_000)}\n`,
      `Sig: ${'a'.repeat(4_000_000)}\n`,
      `Sig: ${'a:'.repeat(2_000_000)}\n`,
      `Signature: ${'1'.repeat(4_000_000)}\n`,
      `Signature: 1;${';'.repeat(4_000_000)}\n`,
      `NarHash: sha256:${'0'.repeat(4_000_000)}\n`,
      `NarSize: ${'9'.repeat(4_000_000)}\n`,
      ':'.repeat(4_000_000),
    ),
  ),
  refusing('offer', offers.take, () =>
    wordsOf(
      '['.repeat(4_000_000),
      '{"a":'.repeat(1_000_000),
      `{"path":"${'a'.repeat(4_000_000)}"}`,
      `[${'0,'.repeat(2_000_000)}0]`,
    ),
  ),
  refusing('s-expression', sexps.take, () =>
    wordsOf(
      '('.repeat(1_000_000),
      `${'(a '.repeat(200_000)}${')'.repeat(200_000)}`,
      `(${'#'.repeat(900_000)}`,
      `("${'\\x41'.repeat(200_000)}`,
      `(${'a '.repeat(500_000)})`,
      `(${'0:'.repeat(500_000)})`,
      `(${'()'.repeat(500_000)})`,
      `${'9'.repeat(1_000_000)}:`,
    ),
  ),
  {
    name: 'a nar as deep as may be',
    samples: () => [nested(defaultNarLimits.depth)],
    words: [],
    take: nars.take,
  },
];
