/**
 * Forms that change what stands: saved one at a time, as changes by REST are, and only where
 * nobody else changed the same thing since the form was opened.
 */
import { Injectable } from '@nestjs/common';
import { OneAtATime } from '#adapters/postgres/one-at-a-time.js';
import type { ConflictModel } from '#views/admin/conflict.js';
import type { Filled } from '#views/admin/fields.js';
import { overtaken, seenField, seenOf, type Entries } from '#views/admin/seen.js';
import { FormRefused } from './admin-answers.js';

export interface Change {
  /** As the form says it, with what it was made of. */
  readonly values: URLSearchParams;
  /** What the form would be filled with now. */
  readonly standing: () => Promise<Entries>;
  /** Where it is edited. */
  readonly address: string;
  readonly save: () => Promise<void>;
  /** The form again, with what each of the two changed. */
  readonly again: (form: Filled, conflict: ConflictModel) => Promise<string>;
}

@Injectable()
export class CarefulForms {
  constructor(private readonly changes: OneAtATime) {}

  /** While no other such change is under way. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.changes.run(work);
  }

  async save(change: Change): Promise<void> {
    await this.changes.run(async () => {
      const standing = await change.standing();
      const other = overtaken(change.values, standing);
      if (other !== null) throw await refused(change, standing, other);
      await change.save();
    });
  }
}

async function refused(
  { values, address, again }: Change,
  standing: Entries,
  other: Pick<ConflictModel, 'theirs' | 'yours'>,
): Promise<FormRefused> {
  const mine = new URLSearchParams(values);
  mine.set(seenField, seenOf(standing));
  const words = { seen: 'what you saw', stands: 'what another saved' };
  const conflict = { ...words, address, ...other };
  const detail = 'Somebody else changed it meanwhile.';
  const page = await again({ values: mine, faults: [] }, conflict);
  return new FormRefused({ status: 412, kind: 'version-conflict', detail }, page);
}
