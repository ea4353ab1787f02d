/** Readers with the faults that fuzzing is there to find, so that it is seen to find them. */
import { wordsOf, type Subject } from './subject.js';

const hoard: unknown[] = [];

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
    for (;;) hoard.length = 0;
  }),
  faulty('one that recurses', /Maximum call stack|ended with/, function again(bytes) {
    again(bytes.subarray(0));
    hoard.length = 0;
  }),
  faulty('one that hoards', /memory limit/, () => {
    for (;;) hoard.push({ more: hoard.length });
  }),
  faulty('one that is slow', /took \d+ ms/, () => {
    const end = performance.now() + 600;
    while (performance.now() < end) hoard.length = 0;
  }),
];
