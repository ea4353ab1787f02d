/**
 * Reservation with backfill: a class with a reserved feature (`big-parallel`) serves first the
 * builds that need it. While such builds are coming, others get a slot only if they are expected to
 * be done within the time of reservation; and no slot is kept free for longer than that time.
 */
import type { ClassRow, ClassTable } from './class-table.js';

export interface Reservation {
  /** By demand, whether it needs a reserved feature of this class. */
  readonly needs: (demand: number) => boolean;
  /** The longest build, in milliseconds on this class, that may take an idle slot. */
  readonly longest: number;
}

/** Which builds a slot is offered to. */
export interface Offer {
  readonly accepts: (demand: number) => boolean;
  /** The longest of them in milliseconds on the class. */
  readonly longest: number;
}

/** Offers in the order in which they are made: first to builds that need the class. */
export function offersOf(reservation: Reservation | null): Offer[] {
  if (!reservation) return [{ accepts: () => true, longest: Infinity }];
  const { needs, longest } = reservation;
  return [
    { accepts: needs, longest: Infinity },
    { accepts: (demand) => !needs(demand), longest },
  ];
}

export interface ReservationFacts {
  readonly row: ClassRow;
  readonly classes: ClassTable;
  readonly reserved: readonly string[];
  /** By demand, how many builds are scheduled and not yet ready. */
  readonly coming: readonly (number | undefined)[];
  readonly reserveMs: number;
  readonly now: number;
}

/** Null for a class that has no reserved feature. */
export function reservationOf(facts: ReservationFacts): Reservation | null {
  const { row, classes, reserved } = facts;
  const own = reserved.filter((feature) => row.state!.workerClass.features.includes(feature));
  if (own.length === 0) return null;
  const needs = (demand: number): boolean =>
    classes.fits(row, demand) &&
    classes.demands[demand]!.requiredFeatures.some((feature) => own.includes(feature));
  const isComing = facts.coming.some((count, demand) => (count ?? 0) > 0 && needs(demand));
  const free = !isComing || isHeldTooLong(facts);
  return { needs, longest: free ? Infinity : facts.reserveMs };
}

function isHeldTooLong({ row, reserveMs, now }: ReservationFacts): boolean {
  return row.heldSince !== null && now - row.heldSince >= reserveMs;
}

/** Since when a slot is kept free, after the idle slots were filled as far as allowed. */
export function heldSince(row: ClassRow, idle: number, now: number): number | null {
  return idle > 0 ? (row.heldSince ?? now) : null;
}
