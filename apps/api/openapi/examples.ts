/**
 * Examples of every object in the document, made of its schema and of the names that its fields
 * have; what may be absent is.
 */
import type { ApiDocument, Schema } from './document-shape.js';
import { nameReferred } from './settle-schemas.js';

/** By field, where the schema alone would say too little. */
const byField: Readonly<Record<string, unknown>> = {
  id: '12',
  name: 'hello-2.12.1',
  packageName: 'hello',
  system: 'x86_64-linux',
  systems: ['x86_64-linux'],
  revision: '1f8a4c4b8d1f2e6c90d3c0ab2f4c7b1a5d6e7f80',
  commit: '1f8a4c4b8d1f2e6c90d3c0ab2f4c7b1a5d6e7f80',
  fingerprint: '3CE4 6455 8A84 FDC6 9DB4  0CFB 090B 1199 3D9A EBB5',
  branch: 'main',
  channel: 'guix',
  url: 'https://git.example.org/channel.git',
  address: 'https://forge.example.org',
  apiAddress: 'https://forge.example.org/api/v1',
  derivation: '/gnu/store/0jcsbd4sxrmyrvcp9jp8zjvhs8s3mqy3-hello-2.12.1.drv',
  dir: '/gnu/store',
  slug: 'guix',
  store: 'guix',
  path: '/gnu/store/0jcsbd4sxrmyrvcp9jp8zjvhs8s3mqy3-hello-2.12.1',
  narHash: 'sha256:0h2bv8fkz7ifqs5a9kyrffjm4n4r5gbrqk9h51f9yzb2b3dz5fvi',
  specification: 'guix-main',
  cursor: '120',
  next: '120',
  detail: 'What was met, in a sentence.',
  message: 'A sentence for people.',
  sentence: 'A sentence for people.',
  note: 'New disk',
  token: 'gmb_0123456789abcdef',
  file: 'release.nix',
  host: 'cache.example.org',
};

const time = '2026-11-20T09:30:00.000Z';
const depthAtMost = 8;

export function addExamples(document: ApiDocument): ApiDocument {
  const { schemas } = document.components;
  const withExamples = Object.entries(schemas).map(([name, schema]) => [
    name,
    schema.properties ? { ...schema, examples: [exampleOf(schema, schemas)] } : schema,
  ]);
  const components = { ...document.components, schemas: Object.fromEntries(withExamples) };
  return { ...document, components };
}

/** A value that the schema takes. */
function exampleOf(
  schema: Schema,
  schemas: Readonly<Record<string, Schema>>,
  place: { readonly field: string; readonly depth: number } = { field: '', depth: 0 },
): unknown {
  const referred = nameReferred(schema);
  if (referred !== null) return exampleOf(schemas[referred] ?? {}, schemas, place);
  const types = typesOf(schema);
  if (place.depth > depthAtMost && types.includes('null')) return null;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const branch = schema.anyOf?.[0] ?? schema.oneOf?.[0] ?? schema.allOf?.[0];
  if (branch) return exampleOf(branch, schemas, place);
  if (types.includes('object')) return objectOf(schema, schemas, place.depth);
  const known = byField[place.field];
  if (known !== undefined && fits(known, schema)) return known;
  if (schema.default !== undefined) return schema.default;
  if (types.includes('array')) {
    const item = { field: place.field, depth: place.depth + 1 };
    return schema.items ? [exampleOf(schema.items, schemas, item)] : [];
  }
  return plainOf(schema, types);
}

export function typesOf({ type }: Schema): readonly string[] {
  if (type === undefined) return [];
  return typeof type === 'string' ? [type] : type;
}

function objectOf(
  schema: Schema,
  schemas: Readonly<Record<string, Schema>>,
  depth: number,
): Record<string, unknown> {
  const fields = Object.entries(schema.properties ?? {}).filter(([field]) =>
    schema.required?.includes(field),
  );
  return Object.fromEntries(
    fields.map(([field, one]) => [field, exampleOf(one, schemas, { field, depth: depth + 1 })]),
  );
}

function plainOf(schema: Schema, types: readonly string[]): unknown {
  if (types.includes('boolean')) return false;
  if (types.includes('integer') || types.includes('number'))
    return Math.max(schema.minimum ?? 3, 3);
  if (types.includes('string')) return textOf(schema);
  return types.includes('null') ? null : {};
}

/** Words that satisfy the patterns of this API; the first that does is taken. */
const words = [
  ...['12', 'hello', 'file:farm', 'https://example.org/hello', 'x86_64-linux'],
  ...['1f8a4c4b8d1f2e6c90d3c0ab2f4c7b1a5d6e7f80', '/gnu/store', 'guix.example.org', '5%'],
  ...['hello.bundle', 'guix/guix', 'ab', 'A', ''],
];

function textOf(schema: Schema): string {
  if (schema.format === 'date-time') return time;
  if (schema.format === 'uri') return 'https://example.org/hello';
  const first = schema.pattern === undefined ? ['a word', ...words] : words;
  return first.find((word) => fits(word, schema)) ?? '';
}

function fits(value: unknown, schema: Schema): boolean {
  const types = typesOf(schema);
  if (Array.isArray(value)) return types.includes('array') && fits(value[0], schema.items ?? {});
  if (typeof value !== 'string' || !types.includes('string')) return false;
  if (schema.format === 'date-time' || (schema.format === 'uri' && !URL.canParse(value)))
    return false;
  if (value.length < (schema.minLength ?? 0) || value.length > (schema.maxLength ?? 1e6))
    return false;
  return schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value);
}
