/**
 * Gives every schema of the document its last name: where what is sent and what is answered have
 * the same shape they are one, otherwise the answer's is called `…Whole`, since no field of it may
 * be absent. An answer that has no name gets its operation's.
 */
import type { Schema } from './document-shape.js';

type Schemas = Readonly<Record<string, Schema>>;

const prefix = '#/components/schemas/';

/** From names with a side (`input.X`) to names without one. */
export function settledNames(schemas: Schemas): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const placed of Object.keys(schemas)) {
    const [side, name = placed] = placed.split(/\.(.*)/s);
    const other = schemas[`input.${name}`];
    const differs =
      side === 'output' &&
      other &&
      deepText(schemas, placed) !== deepText(schemas, `input.${name}`);
    names.set(placed, differs ? `${name}Whole` : name);
  }
  return names;
}

/** A value with all its references to schemas renamed. */
export function renameReferences<T>(value: T, names: ReadonlyMap<string, string>): T {
  const text = JSON.stringify(value, (key, one: unknown) => {
    if (key !== '$ref' || typeof one !== 'string' || !one.startsWith(prefix)) return one;
    const placed = one.slice(prefix.length);
    return `${prefix}${names.get(placed) ?? placed}`;
  });
  return JSON.parse(text) as T;
}

/** The shape with all that it refers to, whichever side it is on. */
function deepText(schemas: Schemas, placed: string, seen: readonly string[] = []): string {
  if (seen.includes(placed)) return '↑';
  return JSON.stringify(schemas[placed] ?? null, (key, one: unknown) => {
    if (key !== '$ref' || typeof one !== 'string' || !one.startsWith(prefix)) return one;
    return deepText(schemas, one.slice(prefix.length), [...seen, placed]);
  });
}

export function referenceTo(name: string): Schema {
  return { $ref: `${prefix}${name}` };
}

export function nameReferred(schema: Schema | undefined): string | null {
  return schema?.$ref?.startsWith(prefix) ? schema.$ref.slice(prefix.length) : null;
}
