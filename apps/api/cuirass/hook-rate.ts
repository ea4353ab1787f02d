/**
 * How often a specification's channels may be looked at because somebody calls its hook: three
 * calls in two minutes over the last five, as Cuirass counts; what goes beyond is dropped. Each
 * process of the api counts for itself.
 */
const windowMilliseconds = 300_000;
const callsPerMillisecond = 3 / 120_000;
/** Unused names are forgotten once so many have been counted. */
const namesAtMost = 10_000;

export class HookRate {
  private readonly calls = new Map<string, number[]>();

  /** Whether a call at `now` (milliseconds) is within the rate; one beyond it is not counted. */
  admits(name: string, now: number): boolean {
    const recent = this.recent(name, now);
    if (recent.length > windowMilliseconds * callsPerMillisecond) return false;
    if (this.calls.size >= namesAtMost) this.forget(now);
    this.calls.set(name, [...recent, now]);
    return true;
  }

  private recent(name: string, now: number): number[] {
    return (this.calls.get(name) ?? []).filter((at) => at > now - windowMilliseconds);
  }

  private forget(now: number): void {
    for (const name of this.calls.keys()) {
      if (this.recent(name, now).length === 0) this.calls.delete(name);
    }
  }
}
