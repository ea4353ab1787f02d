/** Readers with the faults that fuzzing is there to find, so that it is seen to find them. */
import { wordsOf, type Subject } from './subject.js';

interface Hoard {
  readonly more: Hoard | null;
}

let hoard: Hoard | null = null;

export interface Fault {
  readonly subject: Subject;
  /** What is told of it. */
  readonly told: RegExp;
}

function faulty(name: string, told: RegExp, fault: (bytes: Uint8Array) => void): Fault {
  const subject: Subject = {
    name,
    samples: () => wordsOf('a harmless sample'),
    words: wordsOf('evil'),
    take(bytes) {
      if (Buffer.from(bytes).includes('evil')) fault(bytes);
      return 'accepted';
    },
  };
  return { subject, told };
}

export const faults: readonly Fault[] = [
  faulty('one that throws', /TypeError: undefined is not a length/, () => {
    throw new TypeError('undefined is not a length');
  }),
  faulty('one that hangs', /stands still/, () => {
    for (;;) hoard = null;
  }),
  faulty('one that recurses', /Maximum call stack|ended with/, function again(bytes) {
    again(bytes.subarray(0));
    hoard = null;
  }),
  faulty('one that hoards', /memory limit/, () => {
    // Piece by piece: a thread that asks for much at once takes the whole process with it.
    for (;;) hoard = { more: hoard };
  }),
  faulty('one that is slow', /took \d+ ms/, () => {
    const end = performance.now() + 600;
    while (performance.now() < end) hoard = null;
  }),
];
