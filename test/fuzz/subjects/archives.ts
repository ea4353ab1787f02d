/** Archives that are exchanged as files, and narinfos with which people push. */
import { isDeepStrictEqual } from 'node:util';
import {
  archiveEnd,
  ExportReader,
  itemBegin,
  itemDescription,
  itemEnd,
  type ExportedItem,
} from '#formats/store-export.js';
import { pushOf } from '../../../apps/substituter/push-request.js';
import { sampleNars } from '../samples.js';
import { demand, wordsOf, type Subject } from '../subject.js';
import { narinfos } from './narinfos.js';
import { nars } from './nars.js';

const pathOf = (letter: string): string => `/nix/store/${letter.repeat(32)}-item`;

interface Told extends ExportedItem {
  readonly nar: Uint8Array;
  readonly signature: string | null;
}

function archive(items: readonly Told[]): Uint8Array {
  const parts = items.flatMap((item) => [
    ...[itemBegin(), item.nar, itemDescription(item), itemEnd(item.signature)],
  ]);
  return Uint8Array.from(Buffer.concat([...parts, archiveEnd()]));
}

/** Null: refused. */
function read(bytes: Uint8Array, step: (at: number) => number): Told[] | null {
  const reader = new ExportReader();
  const told: Told[] = [];
  let nar: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = step(at);
    const pushed = reader.push(bytes.subarray(at, at + size));
    if (!pushed.ok) return null;
    for (const event of pushed.value) {
      if (event.kind === 'nar') nar.push(event.bytes);
      if (event.kind !== 'item') continue;
      const whole = Uint8Array.from(Buffer.concat(nar));
      told.push({ ...event.item, nar: whole, signature: event.signature });
      nar = [];
    }
    at += size;
  }
  return reader.finish().ok ? told : null;
}

export const archives: Subject = {
  name: 'archive',
  samples: () => {
    const [nar = new Uint8Array(), other = nar] = sampleNars();
    const first = { path: pathOf('a'), references: [], deriver: null, nar, signature: null };
    const second = {
      ...{ path: pathOf('b'), references: [pathOf('a'), pathOf('b')], nar: other },
      ...{ deriver: `${pathOf('c')}.drv`, signature: '(signature)\n' },
    };
    return [archive([]), archive([first]), archive([first, second])];
  },
  words: [
    ...nars.words,
    ...wordsOf('\x01\0\0\0\0\0\0\0', 'NIXE\0\0\0\0', 'EXIN', `/nix/store/${'a'.repeat(32)}-a`),
  ],
  take(bytes) {
    const whole = read(bytes, () => bytes.length);
    const inPieces = read(bytes, (at) => 1 + (at % 61));
    demand(isDeepStrictEqual(whole, inPieces), 'pieces change nothing');
    if (whole === null) return 'refused';
    for (const { path, references, deriver } of whole) {
      const dir = path.slice(0, path.lastIndexOf('/') + 1);
      const all = [...references, ...(deriver === null ? [] : [deriver])];
      demand(
        all.every((one) => one.startsWith(dir) && !one.slice(dir.length).includes('/')),
        'an item lies in one directory with what it names',
      );
    }
    demand(Buffer.compare(archive(whole), bytes) === 0, 'what is accepted is written again alike');
    return 'accepted';
  },
};

const place = { slug: 'ours', dir: '/nix/store', hashPart: 'a'.repeat(32) };

export const pushes: Subject = {
  name: 'push',
  samples: narinfos.samples,
  words: narinfos.words,
  samplesRefused: true,
  take(bytes) {
    const push = pushOf(place, Buffer.from(bytes).toString('utf8'));
    if (!push.ok) {
      demand(push.error.length < 600, 'the reason is a sentence');
      return 'refused';
    }
    const { offer, file } = push.value;
    const { path, references, deriver, slug } = offer;
    const given = [path, ...references, ...(deriver === null ? [] : [deriver]), file.name];
    demand(!given.some((name) => /[/\s\0]/.test(name)), 'names are base names');
    demand(
      path.startsWith(place.hashPart) && slug === place.slug,
      'it is the place that was asked',
    );
    return 'accepted';
  },
};
