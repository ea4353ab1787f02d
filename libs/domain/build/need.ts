/**
 * Who needs what, walked over a whole graph at once. Rows are numbers from 0; the inputs of row n
 * stand from `start[n]` to `start[n + 1]`.
 */
export interface NeedGraph {
  readonly start: Int32Array;
  readonly inputs: Int32Array;
}

/** By row: 1 when it is one of the roots, or a root needs it, itself or through others. */
export function neededFrom({ start, inputs }: NeedGraph, roots: Iterable<number>): Uint8Array {
  const needed = new Uint8Array(start.length - 1);
  const stack: number[] = [];
  for (const root of roots) {
    if (needed[root] === 1) continue;
    needed[root] = 1;
    stack.push(root);
  }
  for (let row = stack.pop(); row !== undefined; row = stack.pop()) {
    const end = start[row + 1]!;
    for (let edge = start[row]!; edge < end; edge += 1) {
      const input = inputs[edge]!;
      if (needed[input] === 1) continue;
      needed[input] = 1;
      stack.push(input);
    }
  }
  return needed;
}
