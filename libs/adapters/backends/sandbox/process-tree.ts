/** What a process and its descendants use, read from Linux' `/proc`. */
import { readFileSync } from 'node:fs';

/** Pages are 4 KiB on x86-64, and at least that elsewhere: a larger page only counts too little. */
const pageSize = 4096;

/** Resident bytes of a process and all its descendants; what has ended meanwhile counts nothing. */
export function residentBytes(root: number): number {
  let total = 0;
  for (const pid of descendants(root)) {
    const pages = Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0);
    total += pages * pageSize;
  }
  return total;
}

/** Bytes that a process has read so far, from pipes and terminals too; 0 when it cannot be told. */
export function bytesReadBy(pid: number): number {
  return Number(/^rchar: (\d+)/m.exec(read(`/proc/${pid}/io`))?.[1] ?? 0);
}

function descendants(root: number): number[] {
  const found = [root];
  for (let i = 0; i < found.length; i++) {
    const pid = found[i] ?? 0;
    const children = read(`/proc/${pid}/task/${pid}/children`);
    for (const child of children.split(' ')) if (child !== '') found.push(Number(child));
  }
  return found;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
