/**
 * How short a disk of the farm is. Below `soft` nothing new is evaluated, so that nothing new is
 * wished for; below `hard` nothing is taken in. Both lift by themselves, a little above where they
 * began, so that a farm does not turn to and fro.
 */
export type DiskLevel = 'roomy' | 'soft' | 'hard';

export interface DiskBounds {
  /** Free bytes below which evaluations stop; 0 is no guard. */
  readonly softBytes: number;
  /** Free bytes below which uploads stop; 0 is no guard. */
  readonly hardBytes: number;
}

const largestMargin = 1024 ** 3;

export function diskLevel(before: DiskLevel, freeBytes: number, bounds: DiskBounds): DiskLevel {
  if (freeBytes < bounds.hardBytes + margin(before === 'hard', bounds.hardBytes)) return 'hard';
  const soft = Math.max(bounds.softBytes, bounds.hardBytes);
  return freeBytes < soft + margin(before !== 'roomy', soft) ? 'soft' : 'roomy';
}

function margin(holds: boolean, bytes: number): number {
  return holds ? Math.min(bytes / 16, largestMargin) : 0;
}

/** The shortest of several disks; roomy when there is none. */
export function worstLevel(levels: Iterable<DiskLevel>): DiskLevel {
  let worst: DiskLevel = 'roomy';
  for (const level of levels) {
    if (level === 'hard') return 'hard';
    if (level === 'soft') worst = 'soft';
  }
  return worst;
}
