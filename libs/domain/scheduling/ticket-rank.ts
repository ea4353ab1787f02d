/**
 * The rank of a ticket orders the tickets of one class over all plans: 1 for a build that is due by
 * its age, then by priority; within a priority first what needs the class, then what is critical.
 * BullMQ lets a ticket without priority (0) overtake all others, so ranks begin at 1.
 */
export const dueRank = 1;

/** 0: it needs a reserved feature of the class; 1: nothing waits with a longer path; 2: others. */
export type WithinPriority = 0 | 1 | 2;

export function ticketRank(priority: number, within: WithinPriority): number {
  return 2 + priority * 3 + within;
}

export function isOfPriority(rank: number, priority: number): boolean {
  return rank === dueRank || Math.floor((rank - 2) / 3) === priority;
}
