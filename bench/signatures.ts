/**
 * Signatures of narinfos that nobody has asked for yet: of Nix against node:crypto over
 * fingerprints made beforehand, of Guix against the least that its curve takes by the library that
 * we use.
 */
import { createPrivateKey, sign } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { StoreKeys, type SignedFields } from '../apps/substituter/keys/store-keys.js';
import { generateGuixKey } from '#formats/guix-signature.js';
import { encodeNix32 } from '#formats/base32.js';
import { sha256 } from '#formats/hash.js';
import { fingerprint, generateNixKey } from '#formats/nix-signature.js';
import type { SigningKey } from '#formats/signing-key.js';
import type { Contest } from './contest.js';

const ofNix = 20_000;
const ofGuix = 2000;
/** References that make a narinfo of about 2 kB. */
const references = 30;

export async function nixSignatures(): Promise<Contest> {
  const items = itemsOf('/nix/store', ofNix);
  const key = generateNixKey('farm.example.org-1');
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  const bare = createPrivateKey({
    key: Buffer.concat([head, key.seed()]),
    format: 'der',
    type: 'pkcs8',
  });
  const texts = items.map((item) => Buffer.from(fingerprint('/nix/store', item)));
  return {
    ...contestOf({ name: 'signatures of Nix', items, signing: { dialect: 'nix', key } }),
    floor: {
      name: 'node:crypto sign',
      round: async () =>
        rate(ofNix, () => {
          for (const text of texts) sign(null, text, bare);
        }),
    },
    target: { ratio: 0.85 },
  };
}

export async function guixSignatures(): Promise<Contest> {
  const items = itemsOf('/gnu/store', ofGuix);
  const signing: SigningKey = { dialect: 'guix', key: generateGuixKey() };
  const { Point } = ed25519;
  return {
    ...contestOf({ name: 'signatures of Guix', items, signing }),
    floor: {
      name: 'a point and an inversion',
      round: async () => {
        let number = Point.Fn.create(BigInt(`0x${'5'.repeat(60)}`));
        return rate(ofGuix, () => {
          for (let i = 0; i < ofGuix; i += 1) {
            number = Point.Fn.inv(Point.Fn.create(Point.BASE.multiply(number).x));
          }
        });
      },
    },
  };
}

interface Signatures {
  readonly name: string;
  readonly items: readonly SignedFields[];
  readonly signing: SigningKey;
}

function contestOf({ name, items, signing }: Signatures): Omit<Contest, 'floor'> {
  const keys = new StoreKeys([signing], 'farm.example.org');
  return {
    name,
    unit: 'signatures/s of a core',
    better: 'high',
    contender: {
      name: 'the key ring',
      round: async () =>
        rate(items.length, () => {
          for (const item of items) keys.sign(item);
        }),
    },
  };
}

/** By the processor's time of this thread, since others may want the machine meanwhile. */
function rate(count: number, work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (count * 1e6) / (user + system);
}

function itemsOf(dir: string, count: number): SignedFields[] {
  const nameOf = (i: number): string =>
    `${encodeNix32(sha256(Buffer.from(String(i))).subarray(0, 20))}-package-with-a-name-1.0`;
  const names = Array.from({ length: count + references }, (_, i) => nameOf(i));
  return Array.from({ length: count }, (_, i) => ({
    storePath: `${dir}/${names[i]}`,
    narHash: `sha256:${encodeNix32(sha256(Buffer.from(`nar ${i}`)))}`,
    narSize: 100_000 + i,
    references: names.slice(i, i + references).sort(),
  }));
}
