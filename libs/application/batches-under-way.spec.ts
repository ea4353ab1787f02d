import { describe, expect, it } from '@jest/globals';
import { BatchesUnderWay } from './batches-under-way.js';

/** Stages that note what happens and end only when they are told to. */
class Gates {
  readonly happened: string[] = [];
  private readonly waiting = new Map<string, (fault?: Error) => void>();
  private noticed: () => void = () => undefined;

  readonly stages = {
    store: async (batch: string): Promise<string> => {
      await this.stage(`store ${batch}`);
      return `pack of ${batch}`;
    },
    write: (batch: string, stored: string): Promise<void> =>
      this.stage(`write ${batch} with ${stored}`),
  };

  /** Once the stage has begun. */
  async end(name: string, fault?: Error): Promise<void> {
    while (!this.waiting.has(name)) {
      await new Promise<void>((resolve) => {
        this.noticed = resolve;
      });
    }
    this.waiting.get(name)?.(fault);
  }

  /** When all has happened that can before another stage ends. */
  async calm(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  private stage(name: string): Promise<void> {
    this.happened.push(name);
    return new Promise((resolve, reject) => {
      this.waiting.set(name, (fault) => (fault ? reject(fault) : resolve()));
      this.noticed();
    });
  }
}

describe('batches under way', () => {
  it('are written in their order, each while the next is stored', async () => {
    const gates = new Gates();
    const batches = new BatchesUnderWay(gates.stages);
    await batches.push('a');
    await batches.push('b');
    await gates.end('store a');
    await gates.end('store b');
    await gates.calm();
    expect(gates.happened).toEqual(['store a', 'store b', 'write a with pack of a']);
    await gates.end('write a with pack of a');
    await gates.end('write b with pack of b');
    await batches.settled();
    expect(gates.happened.at(-1)).toBe('write b with pack of b');
  });

  it('wait when too many are under way', async () => {
    const gates = new Gates();
    const batches = new BatchesUnderWay(gates.stages);
    await batches.push('a');
    await batches.push('b');
    let pushed = false;
    const third = batches.push('c').then(() => (pushed = true));
    for (const one of ['a', 'b']) await gates.end(`store ${one}`);
    expect(pushed).toBe(false);
    await gates.end('write a with pack of a');
    await third;
    expect(pushed).toBe(true);
  });

  it('stop at the first fault, which whoever comes next is told', async () => {
    const gates = new Gates();
    const batches = new BatchesUnderWay(gates.stages);
    await batches.push('a');
    await batches.push('b');
    await gates.end('store a');
    await gates.end('write a with pack of a', new Error('the lease went over'));
    await gates.end('store b');
    await expect(batches.settled()).rejects.toThrow('the lease went over');
    await expect(batches.push('c')).rejects.toThrow('the lease went over');
    expect(gates.happened).not.toContain('write b with pack of b');
  });
});
