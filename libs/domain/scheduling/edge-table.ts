/**
 * Edges of the build graph: the inputs of a build lie together, and the dependents of a build are a
 * chain through the same rows. 12 bytes an edge, whichever way one walks.
 */
/** The inputs of row n, as rows, from `start[n]` to `start[n + 1]`. */
export interface GraphEdges {
  readonly start: Int32Array<ArrayBuffer>;
  readonly inputs: Int32Array<ArrayBuffer>;
}

export class EdgeTable {
  length = 0;
  /** How many edges belong to builds that were forgotten or read anew. */
  dead = 0;
  input: Int32Array<ArrayBuffer> = new Int32Array(0);
  /** The dependent; -1 for a dead edge. */
  owner = new Int32Array(0);
  /** The next edge with the same input, or -1. */
  next = new Int32Array(0);
  /** By row of the table: first edge to dependents; place and number of the edges to inputs. */
  firstDependent = new Int32Array(0);
  start = new Int32Array(0);
  count = new Int32Array(0);

  /** Makes room for rows below `rows`. */
  fit(rows: number): void {
    const had = this.start.length;
    if (rows <= had) return;
    const capacity = Math.max(1024, rows, had * 2);
    this.firstDependent = larger(this.firstDependent, capacity).fill(-1, had);
    this.start = larger(this.start, capacity);
    this.count = larger(this.count, capacity);
  }

  /** Gives a row its inputs, in place of those that it had. */
  connect(row: number, inputs: readonly number[]): void {
    this.disconnect(row);
    const needed = this.length + inputs.length;
    if (needed > this.input.length) {
      const capacity = Math.max(4096, needed, Math.ceil(this.input.length * 1.5));
      this.input = larger(this.input, capacity);
      this.owner = larger(this.owner, capacity);
      this.next = larger(this.next, capacity);
    }
    this.start[row] = this.length;
    this.count[row] = inputs.length;
    for (const input of inputs) {
      const edge = this.length;
      this.length += 1;
      this.input[edge] = input;
      this.owner[edge] = row;
      this.next[edge] = this.firstDependent[input]!;
      this.firstDependent[input] = edge;
    }
  }

  /** Every edge at once, in an empty table: far cheaper than row by row. */
  load({ start, inputs }: GraphEdges): void {
    const rows = start.length - 1;
    this.fit(rows);
    this.length = inputs.length;
    this.input = inputs;
    this.owner = new Int32Array(inputs.length);
    this.next = new Int32Array(inputs.length);
    for (let row = 0; row < rows; row += 1) {
      const end = start[row + 1]!;
      this.start[row] = start[row]!;
      this.count[row] = end - start[row]!;
      for (let edge = start[row]!; edge < end; edge += 1) {
        const input = inputs[edge]!;
        this.owner[edge] = row;
        this.next[edge] = this.firstDependent[input]!;
        this.firstDependent[input] = edge;
      }
    }
  }

  disconnect(row: number): void {
    const start = this.start[row]!;
    const end = start + this.count[row]!;
    for (let edge = start; edge < end; edge += 1) this.owner[edge] = -1;
    this.dead += end - start;
    this.count[row] = 0;
  }

  get bytes(): number {
    const columns = [this.input, this.owner, this.next, this.firstDependent, this.start];
    return columns.reduce((sum, column) => sum + column.byteLength, this.count.byteLength);
  }
}

function larger(column: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(capacity);
  grown.set(column);
  return grown;
}
