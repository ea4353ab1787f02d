/**
 * The graph of what has not ended, as one snapshot sees it, with those that have ended without
 * success and stand above something that has not: a wish may lead through them. What has failed by
 * itself had all its inputs, so only those that fell with an input or were canceled can.
 */
import type { NeedGraph } from '#domain/build/need.js';
import { copyRows } from './copy-out.js';
import type { Client } from './database.js';
import { isUnfinished } from './planner-rows.js';

const inputsOf = `array(select i.input_id from derivation_inputs i where i.derivation_id = b.id)`;
const isFallen = `b.status in ('failed-dependency', 'canceled')`;

const readUnfinished = `
  select b.id, b.evaluation_id, (b.release_expires_at is not null)::int4, ${inputsOf}
    from builds b where ${isUnfinished}`;

/** Inputs have smaller ids than what needs them. */
function readFallen(least: number): string {
  return `select b.id, ${inputsOf} from builds b
    where ${isFallen} and b.id > ${least} and exists (
      select from derivation_inputs i join builds u on u.id = i.input_id
       where i.derivation_id = b.id and u.status in ('scheduled', 'submitted', 'started')
      offset 0)`;
}

const readFallenAbove = `
  select b.id, ${inputsOf} as inputs
    from (select distinct i.derivation_id as id from derivation_inputs i
           where i.input_id = any(string_to_array($1, ' ')::bigint[])) f
    join builds b on b.id = f.id where ${isFallen}`;

export class UnfinishedGraph {
  /** By row. The unfinished ones come first. */
  readonly builds: number[] = [];
  /** Of unfinished rows: the evaluation that brought it, and whether its ticket is out. */
  readonly evaluations: number[] = [];
  readonly released: boolean[] = [];
  unfinished = 0;
  private readonly rows = new Map<number, number>();
  private readonly counts: number[] = [];
  private readonly inputs: number[] = [];

  /** Inside a transaction that reads one snapshot. */
  static async read(client: Client): Promise<UnfinishedGraph> {
    const graph = new UnfinishedGraph();
    let least = Infinity;
    await copyRows(client, readUnfinished, (row) => {
      const build = row.integer();
      least = Math.min(least, build);
      graph.add(build);
      graph.evaluations.push(row.integer());
      graph.released.push(row.integer() === 1);
      graph.counts.push(row.integers(graph.inputs));
    });
    graph.unfinished = graph.builds.length;
    if (graph.unfinished > 0) await graph.readFallen(client, least);
    return graph;
  }

  get fallen(): readonly number[] {
    return this.builds.slice(this.unfinished);
  }

  rowOf(build: number): number | undefined {
    return this.rows.get(build);
  }

  *rowsOf(builds: Iterable<number>): Iterable<number> {
    for (const build of builds) {
      const row = this.rows.get(build);
      if (row !== undefined) yield row;
    }
  }

  /** Edges between what is here; all others lead to what needs nothing any more. */
  edges(): NeedGraph {
    const start = new Int32Array(this.builds.length + 1);
    const inputs = new Int32Array(this.inputs.length);
    let [from, to] = [0, 0];
    for (let row = 0; row < this.builds.length; row += 1) {
      for (const end = from + this.counts[row]!; from < end; from += 1) {
        const input = this.rows.get(this.inputs[from]!);
        if (input !== undefined) inputs[to++] = input;
      }
      start[row + 1] = to;
    }
    return { start, inputs: inputs.subarray(0, to) };
  }

  private add(build: number): void {
    this.rows.set(build, this.builds.length);
    this.builds.push(build);
  }

  private async readFallen(client: Client, least: number): Promise<void> {
    let found: number[] = [];
    await copyRows(client, readFallen(least), (row) => {
      const build = row.integer();
      found.push(build);
      this.add(build);
      this.counts.push(row.integers(this.inputs));
    });
    while (found.length > 0) {
      const { rows } = await client.query<{ id: number; inputs: string[] }>(readFallenAbove, [
        found.join(' '),
      ]);
      const fresh = rows.filter(({ id }) => !this.rows.has(id));
      for (const { id, inputs } of fresh) {
        this.add(id);
        this.counts.push(inputs.length);
        for (const input of inputs) this.inputs.push(Number(input));
      }
      found = fresh.map(({ id }) => id);
    }
  }
}
