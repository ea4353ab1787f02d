/**
 * Says "there is something to deliver on this lane". Rebuildable: what is due stands in Postgres,
 * and lanes are offered again on every tick; a lane that waits or is at work is there once.
 */
export interface DeliveryTasks {
  offer(lanes: readonly string[]): Promise<void>;
  /** Runs `handler` for each lane, several at a time, until closed. */
  consume(handler: (lane: string) => Promise<void>, concurrency: number): Promise<void>;
  /** Waits a few seconds for those under way. */
  close(): Promise<void>;
}
