/**
 * The tickets of builds that may be claimed now, one queue per worker class. Rebuildable: a lost
 * ticket costs latency, since its release expires in Postgres and the build is released again; a
 * doubled or stale one costs nothing, since its generation does not match any more.
 */
import type { Cancellation } from '#std/cancellation.js';
import type { BuildId } from '#domain/ids.js';

export interface Ticket {
  readonly build: BuildId;
  readonly generation: number;
  readonly workerClass: string;
  /** 1 is the most urgent; ties keep the order of offering. */
  readonly rank: number;
}

/** A ticket in the hand of one gateway, until it is completed or the hold is lost. */
export interface HeldTicket extends Ticket {
  readonly hold: string;
}

export interface TicketQueue {
  offer(tickets: readonly Ticket[]): Promise<void>;
  /** Takes back tickets that nobody holds; others are left alone. */
  withdraw(tickets: readonly Ticket[]): Promise<void>;
  /**
   * Waits for the next ticket of a class; null when canceled. At most one call per class at a time.
   */
  next(workerClass: string, cancellation: Cancellation): Promise<HeldTicket | null>;
  /** Tickets that are there now, at most so many: none is waited for. */
  take(workerClass: string, atMost: number): Promise<readonly HeldTicket[]>;
  /** The ticket has done its work, or was stale: it is gone. */
  complete(ticket: HeldTicket): Promise<void>;
  /** Nobody here wants it after all: it waits again, for whoever comes first. */
  giveBack(ticket: HeldTicket): Promise<void>;
  waiting(workerClass: string): Promise<number>;
  close(): Promise<void>;
}

/**
 * A mark in Redis that vanishes with its content. When it is missing, tickets and schedulers are
 * made again and the mark is set.
 */
export interface QueueEpoch {
  isMarked(): Promise<boolean>;
  mark(): Promise<void>;
}
