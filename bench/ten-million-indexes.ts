/** The indexes and keys of large tables, as statements that drop them and that make them again. */
import type { Client } from '#adapters/postgres/database.js';

export interface Indexes {
  readonly drop: readonly string[];
  readonly create: readonly string[];
}

interface IndexRow {
  readonly name: string;
  readonly definition: string;
  /** Of the constraint that it belongs to. */
  readonly constraint: string | null;
  readonly table: string;
}

/** Partitions follow their parents. */
export async function largeIndexes(client: Client, tables: readonly string[]): Promise<Indexes> {
  const { rows } = await client.query<IndexRow>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition,
            pg_get_constraintdef(c.oid) as constraint, i.indrelid::regclass::text as "table"
       from pg_index i
       left join pg_constraint c on c.conindid = i.indexrelid and c.contype in ('p', 'u')
      where i.indrelid = any ($1::regclass[]) order by i.indrelid, i.indexrelid`,
    [tables],
  );
  return {
    drop: rows.map((row) =>
      row.constraint === null
        ? `drop index ${row.name}`
        : `alter table ${row.table} drop constraint ${row.name}`,
    ),
    create: rows.map((row) =>
      row.constraint === null
        ? // Of a partitioned table it says ON ONLY, which would leave the partitions without.
          row.definition.replace(' ON ONLY ', ' ON ')
        : `alter table ${row.table} add constraint ${row.name} ${row.constraint}`,
    ),
  };
}
