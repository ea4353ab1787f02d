/**
 * A binary heap of rows that can be found and moved again: the row with the largest key on top,
 * among equals the one known longest. Key and place are columns of the table.
 */
export interface HeapColumns {
  readonly keys: Float64Array;
  readonly places: Int32Array;
}

export class RowHeap {
  private readonly rows: number[] = [];

  constructor(private readonly columns: () => HeapColumns) {}

  get size(): number {
    return this.rows.length;
  }

  /** The row at a place of the heap; its children are at 2 × place + 1 and + 2. */
  at(place: number): number | undefined {
    return this.rows[place];
  }

  /** How many rows go before a row, which need not be in the heap. */
  countBefore(row: number): number {
    const { keys } = this.columns();
    return this.rows.reduce((n, other) => (goesBefore(keys, other, row) ? n + 1 : n), 0);
  }

  push(row: number): void {
    this.rows.push(row);
    this.rise(this.rows.length - 1, row);
  }

  remove(row: number): void {
    const { places } = this.columns();
    const place = places[row]!;
    places[row] = -1;
    const last = this.rows.pop()!;
    if (last === row) return;
    this.settle(place, last);
  }

  /** Puts a row right whose key has changed. */
  moved(row: number): void {
    this.settle(this.columns().places[row]!, row);
  }

  private settle(place: number, row: number): void {
    const parent = (place - 1) >> 1;
    const columns = this.columns();
    if (place > 0 && goesBefore(columns.keys, row, this.rows[parent]!)) this.rise(place, row);
    else this.sink(place, row);
  }

  private rise(from: number, row: number): void {
    const { keys, places } = this.columns();
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.rows[parent]!;
      if (!goesBefore(keys, row, above)) break;
      this.rows[place] = above;
      places[above] = place;
      place = parent;
    }
    this.rows[place] = row;
    places[row] = place;
  }

  private sink(from: number, row: number): void {
    const { keys, places } = this.columns();
    const { rows } = this;
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= rows.length) break;
      const right = child + 1;
      if (right < rows.length && goesBefore(keys, rows[right]!, rows[child]!)) child = right;
      if (!goesBefore(keys, rows[child]!, row)) break;
      rows[place] = rows[child]!;
      places[rows[place]!] = place;
      place = child;
    }
    rows[place] = row;
    places[row] = place;
  }
}

export function goesBefore(keys: Float64Array, a: number, b: number): boolean {
  const difference = keys[a]! - keys[b]!;
  return difference > 0 || (difference === 0 && a < b);
}
