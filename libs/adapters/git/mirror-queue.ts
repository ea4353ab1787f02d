/**
 * One fetch per mirror at a time in this process. Who asks for a fetch that waits already joins it:
 * it has not looked at the network yet, so its answer is as fresh as one's own would be.
 */
export class MirrorQueue {
  private readonly tails = new Map<string, Promise<unknown>>();
  private readonly waiting = new Map<string, Promise<unknown>>();

  /** `what` names the work among that of the same mirror. */
  run<T>(mirror: string, what: string, work: () => Promise<T>): Promise<T> {
    const key = `${mirror}\n${what}`;
    const joined = this.waiting.get(key) as Promise<T> | undefined;
    if (joined) return joined;
    const before = this.tails.get(mirror) ?? Promise.resolve();
    const turn = before.then(() => {
      this.waiting.delete(key);
      return work();
    });
    const settled = turn.catch(() => undefined);
    this.waiting.set(key, turn);
    this.tails.set(mirror, settled);
    void settled.then(() => {
      if (this.tails.get(mirror) === settled) this.tails.delete(mirror);
    });
    return turn;
  }
}
