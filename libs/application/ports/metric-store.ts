/** Measures the farm and keeps what was measured. */
export interface MetricStore {
  /**
   * Measures anew what changes, and once what does not any more: days that are over, and the
   * evaluations whose builds have all ended. Answers how many values were written. Repeated calls
   * do no harm; each is to be an hour after the one before.
   */
  measure(): Promise<number>;
  /** When it was measured last, as milliseconds ago; null: never. */
  measuredAgo(): Promise<number | null>;
}
