/** What HTTP and the workers' socket bring: addresses, Range headers, offers, log frames. */
import { parseRange } from '#nest/byte-range.js';
import { OfferRequest } from '#protocol/upload.js';
import { decodeLogFrame, encodeLogFrame } from '#protocol/log-frame.js';
import { WorkerMessage } from '#protocol/worker.js';
import { offerOf } from '../../../apps/substituter/offer-request.js';
import { readTarget } from '../../../apps/substituter/target.js';
import { demand, wordsOf, type Subject } from '../subject.js';

const hashPart = 'a'.repeat(32);
const file = `${'0'.repeat(52)}.nar.zst`;
const drv = `${hashPart}-hello-2.12.drv`;

const addresses: Subject = {
  name: 'address',
  samples: () =>
    wordsOf(
      ...['/', '/nix-cache-info', '/guix/nix-cache-info', `/${hashPart}.narinfo`, `/nar/${file}`],
      ...[`/nix/${hashPart}.narinfo?x=1`, `/guix/nar/${file}`, `/log/${drv}`],
      ...[`/nix/uploads/${hashPart}-a%2Bb`, '/nix/paths', `/nix/derivations/${drv}`],
      `/nix/derivations/packs/${'f'.repeat(64)}`,
    ),
  words: wordsOf(
    ...['/', '//', '/nix/', '/guix/', '/nar/', '/log/', '/file/', '/uploads/', '.narinfo', '.ls'],
    ...['%2f', '%2F..', '%00', '%', '%C0%AF', '%e2%82', '?', '#', '..', '/../', hashPart, '.drv'],
  ),
  take(bytes) {
    const target = readTarget(Buffer.from(bytes).toString('latin1'));
    if (target.kind === 'elsewhere' || target.kind === 'bad-name') return 'refused';
    for (const [key, value] of Object.entries(target)) {
      const parsed = String(value);
      demand(!/[/\\\s\0%]/.test(parsed) && parsed !== '..' && parsed !== '', `${key} was parsed`);
      demand(parsed.length < 256, `${key} is short enough for a file name`);
    }
    return 'accepted';
  },
};

const ranges: Subject = {
  name: 'range',
  samples: () => wordsOf('bytes=0-', 'bytes=0-99', 'bytes=-5', 'bytes=5-5', 'bytes=0-1,5-9'),
  samplesRefused: true,
  words: wordsOf('bytes=', 'bytes', '=', '-', ',', '0', '9'.repeat(15), '9'.repeat(400), ' ', '\t'),
  take(bytes) {
    const header = Buffer.from(bytes).toString('latin1');
    for (const size of [0, 1, 100, 2 ** 40]) {
      const range = parseRange(header, size);
      if (range === null || range === 'unsatisfiable') continue;
      const { start, end } = range;
      demand(start >= 0 && start < end && end <= size, `${start}-${end} lies within ${size}`);
    }
    return parseRange(header, 100) === null ? 'refused' : 'accepted';
  },
};

export const offers: Subject = {
  name: 'offer',
  samples: () => {
    const narHash = `sha256:${'1'.repeat(52)}`;
    const offer = { path: `${hashPart}-a`, narHash, narSize: 10, references: [`${hashPart}-a`] };
    const more = { ...offer, deriver: drv, ca: `fixed:r:${narHash}` };
    return wordsOf(JSON.stringify(offer), JSON.stringify(more));
  },
  words: wordsOf(
    ...['"path":', '"references":', '[', ']', '{', '}', ',', 'null', '1e400', '-1', '"__proto__":'],
    ...['{"a":', '[[[[[[[[[[[[[[[[', '"\\ud800"', '"../../etc"', '"\\u0000"'],
  ),
  take(bytes) {
    const parsed = OfferRequest.safeParse(json(bytes));
    const offer = parsed.success ? offerOf('nix', parsed.data) : null;
    if (!offer?.ok) return 'refused';
    const { path, references, deriver, narSize } = offer.value;
    const given = [path, ...references, ...(deriver === null ? [] : [deriver])];
    demand(!given.some((name) => /[/\s\0]/.test(name)), 'names are base names');
    demand(Number.isSafeInteger(narSize), 'a size is a whole number');
    return 'accepted';
  },
};

const frames: Subject = {
  name: 'log-frame',
  samples: () => [encodeLogFrame({ attempt: 7, offset: 12, bytes: new Uint8Array(30) })],
  words: wordsOf('\x01', '\0\0\0\0\0\0\0\x01', '\xff'.repeat(8), '\0\x20\0\0\0\0\0\0'),
  take(bytes) {
    const frame = decodeLogFrame(bytes);
    if (!frame.ok) return 'refused';
    demand(Buffer.compare(encodeLogFrame(frame.value), bytes) === 0, 'a frame encodes back');
    return 'accepted';
  },
};

const messages: Subject = {
  name: 'message',
  samples: () =>
    wordsOf(
      ...['{"type":"claim","slots":[0,1]}', '{"type":"heartbeat"}', '{"type":"report"}'],
      '{"type":"hello","name":"one","systems":["x86_64-linux"]}',
    ),
  samplesRefused: true,
  words: wordsOf(
    '"type":',
    '"claim"',
    '"report"',
    '[',
    '{',
    '}',
    ']',
    ',',
    '1e400',
    '"__proto__":',
  ),
  take: (bytes) => (WorkerMessage.safeParse(json(bytes)).success ? 'accepted' : 'refused'),
};

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}

export const requests: readonly Subject[] = [addresses, ranges, offers, frames, messages];
