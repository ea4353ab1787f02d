/**
 * Weighted fair shares between specifications: each has a virtual time, the work done for it
 * divided by its share, and who is least far goes first. Work is charged by its estimate when a
 * build is released (of a long build the first part, the rest as it runs: hours charged at once
 * would starve whoever has few long builds) and corrected when it ends. A build shared by several
 * is charged to each in proportion to its share, which moves all of them on by the same.
 */
import type { SpecificationId } from '../ids.js';
import type { SpecificationShare } from './planner-model.js';

const usualShare = 100;
const priorities = 10;

interface Party {
  readonly specification: SpecificationId;
  share: number;
  maxRunning: number;
  virtualTime: number;
  ready: number;
  out: number;
}

export class FairShares {
  private readonly parties = new Map<SpecificationId, Party>();
  private readonly setsByName = new Map<string, number>();
  private readonly sets: Party[][] = [];
  /** Most builds in a row are demanded by the same ones, told by the same list. */
  private lastAsked: { readonly specifications: readonly SpecificationId[]; readonly set: number } =
    { specifications: [], set: -1 };
  /** How far the last one served was, by priority: nobody that comes later starts behind it. */
  private readonly served = new Float64Array(priorities);

  update(specifications: readonly SpecificationShare[]): void {
    for (const { specification, share, maxRunning } of specifications) {
      const party = this.partyOf(specification);
      party.share = Math.max(share, Number.MIN_VALUE);
      party.maxRunning = maxRunning ?? Infinity;
    }
  }

  /** One number for a set of specifications. */
  setOf(specifications: readonly SpecificationId[]): number {
    if (specifications !== this.lastAsked.specifications) {
      this.lastAsked = { specifications, set: this.internedSet(specifications) };
    }
    return this.lastAsked.set;
  }

  private internedSet(specifications: readonly SpecificationId[]): number {
    const members = [...new Set(specifications)].sort((a, b) => a - b);
    const name = members.join(' ');
    const known = this.setsByName.get(name);
    if (known !== undefined) return known;
    this.sets.push(members.map((member) => this.partyOf(member)));
    this.setsByName.set(name, this.sets.length - 1);
    return this.sets.length - 1;
  }

  /** How far the set is: as far as the member that is least far. */
  virtualTimeOf(set: number): number {
    let least = Infinity;
    for (const { virtualTime } of this.sets[set]!) if (virtualTime < least) least = virtualTime;
    return least === Infinity ? 0 : least;
  }

  /** A build may go out while one of those that demand it is below its limit. */
  isLimited(set: number): boolean {
    const members = this.sets[set]!;
    return members.length > 0 && members.every((party) => party.out >= party.maxRunning);
  }

  limitedBy(set: number): SpecificationId | null {
    return this.isLimited(set) ? this.sets[set]![0]!.specification : null;
  }

  /** A specification that had nothing ready gets no credit for the time that it was away. */
  becameReady(set: number, priority: number): void {
    for (const party of this.sets[set]!) {
      if (party.ready === 0) {
        party.virtualTime = Math.max(party.virtualTime, this.served[priority]!);
      }
      party.ready += 1;
    }
  }

  leftReady(set: number): void {
    for (const party of this.sets[set]!) party.ready -= 1;
  }

  serve(set: number, priority: number): void {
    this.served[priority] = Math.max(this.served[priority]!, this.virtualTimeOf(set));
  }

  goesOut(set: number, work: number): void {
    for (const party of this.sets[set]!) party.out += 1;
    this.charge(set, work);
  }

  comesBack(set: number, correction: number): void {
    for (const party of this.sets[set]!) party.out -= 1;
    this.charge(set, correction);
  }

  charge(set: number, work: number): void {
    const members = this.sets[set]!;
    const total = members.reduce((sum, party) => sum + party.share, 0);
    for (const party of members) party.virtualTime += work / total;
  }

  private partyOf(specification: SpecificationId): Party {
    const known = this.parties.get(specification);
    if (known) return known;
    const fresh = { virtualTime: 0, ready: 0, out: 0, share: usualShare, maxRunning: Infinity };
    const party: Party = { specification, ...fresh };
    this.parties.set(specification, party);
    return party;
  }
}
