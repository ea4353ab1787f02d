/**
 * Sets of specifications that demand a build. Few different sets exist among hundreds of thousands
 * of builds, so each is made once and unions are remembered.
 */
import type { SpecificationId } from '#domain/ids.js';

export interface Demand {
  readonly key: number;
  readonly specifications: readonly SpecificationId[];
}

export class Demands {
  readonly none: Demand = { key: 0, specifications: [] };
  private readonly known = new Map<string, Demand>([['', this.none]]);
  private readonly single = new Map<SpecificationId, Demand>();
  private readonly unions = new Map<number, Demand>();

  of(specification: SpecificationId): Demand {
    let demand = this.single.get(specification);
    if (!demand) this.single.set(specification, (demand = this.make([specification])));
    return demand;
  }

  union(one: Demand, other: Demand): Demand {
    if (one === other || other === this.none) return one;
    if (one === this.none) return other;
    const [low, high] = one.key < other.key ? [one, other] : [other, one];
    // Keys count up from 0 and stay far below 2^26, so that the product is exact.
    const pair = low.key * 2 ** 26 + high.key;
    const known = this.unions.get(pair);
    if (known) return known;
    const both = new Set([...low.specifications, ...high.specifications]);
    const made = this.make([...both].sort((a, b) => a - b));
    this.unions.set(pair, made);
    return made;
  }

  private make(specifications: readonly SpecificationId[]): Demand {
    const name = specifications.join(' ');
    const known = this.known.get(name);
    if (known) return known;
    const made = { key: this.known.size, specifications };
    this.known.set(name, made);
    return made;
  }
}
