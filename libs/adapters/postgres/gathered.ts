/**
 * Calls that come while others are under way are carried out together, as one statement: in
 * Postgres a commit costs more than what is in it. One batch is under way at a time, so the more
 * calls come, the larger the batches grow; a call that comes alone waits for nobody.
 */
interface Pending<Asked, Answer> {
  readonly asked: Asked;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export class Gathered<Asked, Answer> {
  private pending: Pending<Asked, Answer>[] = [];
  private working = false;

  /**
   * `together` answers in the order of the calls. When it throws and there were several, each is
   * tried by itself, so that one call which cannot be carried out fails no other.
   */
  constructor(
    private readonly together: (asked: readonly Asked[]) => Promise<readonly Answer[]>,
    private readonly atOnce: number,
  ) {}

  ask(asked: Asked): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.pending.push({ asked, resolve, reject });
      if (!this.working) void this.work();
    });
  }

  private async work(): Promise<void> {
    this.working = true;
    // What comes in the same turn of the event loop goes along.
    await Promise.resolve();
    while (this.pending.length > 0) {
      const batch = this.pending.slice(0, this.atOnce);
      this.pending = this.pending.slice(this.atOnce);
      await this.carryOut(batch);
    }
    this.working = false;
  }

  private async carryOut(batch: readonly Pending<Asked, Answer>[]): Promise<void> {
    try {
      const answers = await this.together(batch.map((one) => one.asked));
      batch.forEach((one, at) => one.resolve(answers[at]!));
    } catch (error) {
      if (batch.length === 1) return batch[0]!.reject(error);
      await Promise.all(batch.map((one) => this.carryOut([one])));
    }
  }
}
