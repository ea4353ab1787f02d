/** Everything that is fuzzed. */
import { bombs } from './bombs.js';
import { faults } from './faulty.js';
import type { Subject } from './subject.js';
import { archives, pushes } from './subjects/archives.js';
import { derivations } from './subjects/derivations.js';
import { heads } from './subjects/heads.js';
import { names } from './subjects/names.js';
import { narinfos } from './subjects/narinfos.js';
import { nars } from './subjects/nars.js';
import { packs } from './subjects/packs.js';
import { requests } from './subjects/requests.js';
import { guixKeys, sexps, signedNarinfos } from './subjects/s-expressions.js';
import { unpacked } from './subjects/unpacked.js';
import { uploads } from './subjects/uploads.js';

export const subjects: readonly Subject[] = [
  narinfos,
  nars,
  derivations,
  packs,
  uploads,
  unpacked,
  names,
  ...requests,
  sexps,
  guixKeys,
  signedNarinfos,
  archives,
  pushes,
  heads,
];

/** With those that are tried with their own samples alone, and those that are to be found out. */
export const all: readonly Subject[] = [
  ...subjects,
  ...bombs,
  ...faults.map(({ subject }) => subject),
];
