/**
 * What the workers saw of all builds: each given once, each taken once. The first thing that went
 * wrong ends the waiting of whoever waits.
 */
const lookMilliseconds = 1000;

export class BuildLedger {
  /** Build → attempt. */
  readonly given = new Map<string, string>();
  readonly done = new Set<string>();
  readonly faults: string[] = [];
  private waiting: { readonly count: number; readonly tell: () => void }[] = [];

  giving(build: string, attempt: string): void {
    const before = this.given.get(build);
    if (before !== undefined) {
      this.fault(`build ${build} was given twice: attempts ${before} and ${attempt}`);
    }
    this.given.set(build, attempt);
  }

  taken(build: string, accepted: boolean): void {
    if (!accepted) return this.fault(`the report of build ${build} was not accepted`);
    if (this.done.has(build)) this.fault(`build ${build} was done twice`);
    this.done.add(build);
    this.tell();
  }

  fault(sentence: string): void {
    this.faults.push(sentence);
    this.tell();
  }

  /** Resolves when so many builds are done; rejects at a fault, or when nothing moves any more. */
  async allDone(count: number, stallMilliseconds: number): Promise<void> {
    let [seen, looks] = [0, 0];
    await new Promise<void>((resolve) => {
      // Counted in looks: a machine that stood still meanwhile is not a farm that does.
      const look = setInterval(() => {
        looks = this.done.size === seen ? looks + 1 : 0;
        seen = this.done.size;
        if (looks * lookMilliseconds < stallMilliseconds) return;
        this.fault(`no build has ended for ${stallMilliseconds / 1000} s`);
      }, lookMilliseconds);
      this.waiting.push({
        count,
        tell: () => {
          clearInterval(look);
          resolve();
        },
      });
      this.tell();
    });
    if (this.faults.length > 0) throw new Error(this.faults.slice(0, 20).join('\n'));
  }

  private tell(): void {
    const over = (count: number): boolean => this.done.size >= count || this.faults.length > 0;
    const told = this.waiting.filter(({ count }) => over(count));
    this.waiting = this.waiting.filter(({ count }) => !over(count));
    for (const { tell } of told) tell();
  }
}
