/**
 * Chance from a seed: the same seed draws the same numbers on every machine. A fork has a stream of
 * its own, named, so that one part of a scenario drawing more does not change another. (sfc32.)
 */
export class Chance {
  private readonly state: Uint32Array;

  constructor(private readonly seed: string) {
    this.state = new Uint32Array([hash(seed, 1), hash(seed, 2), hash(seed, 3), 1]);
    for (let warm = 0; warm < 12; warm += 1) this.unit();
  }

  fork(name: string): Chance {
    return new Chance(`${this.seed}/${name}`);
  }

  /** From 0, below 1. */
  unit(): number {
    const s = this.state;
    const sum = (s[0]! + s[1]! + s[3]!) >>> 0;
    s[3] = s[3]! + 1;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = s[2]! + (s[2]! << 3);
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + sum;
    return sum / 2 ** 32;
  }

  odds(probability: number): boolean {
    return this.unit() < probability;
  }

  between(low: number, high: number): number {
    return low + this.unit() * (high - low);
  }

  /** Both ends included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)]!;
  }
}

/** FNV-1a. */
function hash(text: string, salt: number): number {
  let value = 0x811c9dc5 ^ Math.imul(salt, 0x9e3779b1);
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  return value >>> 0;
}
