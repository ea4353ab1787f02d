/** Requests to the REST API that its document allows, nearly allows, or does not allow at all. */
import fc from 'fast-check';
import type {
  ApiDocument,
  Parameter,
  Placed,
  ReferenceTo,
  Schema,
} from '../../apps/api/openapi/document-shape.js';
import { typesOf } from '../../apps/api/openapi/examples.js';
import { nameReferred } from '../../apps/api/openapi/settle-schemas.js';
import { parametersOf } from '../openapi/client-text.js';

export interface ApiRequest {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** Values that are there, by the parameter's name: without them nearly all would be 404. */
export type KnownValues = Readonly<Record<string, readonly string[]>>;

const hostile = [
  ...['', '0', '-1', '1e3', '%EF%BC%99', '99999999999999999', 'null', '%00', '%', '%zz', '%ff%fe'],
  ...[
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    "1'%20or%20'1'='1",
    '<script>',
    '%F0%9F%98%80',
    'a%0d%0ab',
  ],
  ...['__proto__', 'constructor', '1;x', '1%20', 'x'.repeat(300), '%C3%28', '{}', '[]', '*'],
];
const hostileValues: readonly unknown[] = [
  ...[null, -1, 0, 1e308, 2 ** 53, 0.5, true, '', 'x'.repeat(5000), '\u0000', '\ud800', '😀'],
  ...[
    [],
    {},
    [[]],
    { __proto__: 1 },
    { constructor: { prototype: {} } },
    '../../x',
    'ext::sh -c x',
  ],
];

export function apiRequest(document: ApiDocument, placed: Placed, known: KnownValues) {
  const { operation } = placed;
  const parameters = parametersOf(document, operation);
  const path = fc.tuple(...pathParts(document, placed, known)).map((parts) => parts.join(''));
  const query = fc
    .tuple(...parameters.filter((one) => one.in === 'query').map((one) => queryPart(document, one)))
    .map((parts) => parts.filter((part) => part !== '').join('&'));
  return fc
    .record({ path, query, body: bodyOf(document, placed), headers: headersOf(placed) })
    .map(({ path, query, body, headers }): ApiRequest => {
      const typed = body === null ? {} : { 'content-type': 'application/json' };
      return {
        operationId: operation.operationId,
        method: placed.method.toUpperCase(),
        path: query === '' ? path : `${path}?${query}`,
        headers: { ...typed, ...headers },
        body,
      };
    });
}

function pathParts(document: ApiDocument, { path, operation }: Placed, known: KnownValues) {
  const schemas = new Map(
    parametersOf(document, operation).map(({ name, schema }) => [name, schema] as const),
  );
  return path.split(/(\{[^}]+\})/).map((part) => {
    if (!part.startsWith('{')) return fc.constant(part);
    const name = part.slice(1, -1);
    const there = known[`${path.split('/')[3]}/${name}`] ?? known[name] ?? ['1'];
    return fc.oneof(
      { weight: 7, arbitrary: fc.constantFrom(...there) },
      {
        weight: 2,
        arbitrary: valueOf(document, schemas.get(name) ?? {}).map((v) => encoded(v) || '-'),
      },
      { weight: 2, arbitrary: fc.constantFrom(...hostile.filter((word) => word !== '')) },
    );
  });
}

function queryPart(document: ApiDocument, { name, schema }: Parameter) {
  const good = valueOf(document, schema).map((value) => `${name}=${encoded(value)}`);
  const bad = fc.constantFrom(...hostile).map((word) => `${name}=${word}`);
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant('') },
    { weight: 4, arbitrary: good },
    { weight: 1, arbitrary: bad },
    { weight: 1, arbitrary: bad.map((one) => `${one}&${one}&colour=red&${name}[]=1`) },
  );
}

function headersOf({ operation, method }: Placed) {
  const conditional = operation.parameters.some((one) =>
    (one as ReferenceTo).$ref?.includes('IfMatch'),
  );
  const odd = fc.constantFrom<Record<string, string>>(
    ...[{}, {}, {}, {}, { 'if-none-match': '"x", W/"y"' }, { range: 'bytes=5-2,-,9-' }],
    ...[{ 'content-type': 'text/html' }, { 'content-type': 'application/json;charset=utf-16' }],
    ...[
      { 'idempotency-key': 'again' },
      { 'idempotency-key': 'x'.repeat(400) },
      { accept: 'image/x' },
    ],
    ...[{ 'last-event-id': '-5' }, { 'if-match': 'nonsense' }, { 'x-forwarded-for': ',,' }],
  );
  return odd.map((one) => ({
    ...(conditional && { 'if-match': '*' }),
    ...one,
    ...(method === 'get' ? {} : { origin: '' }),
  }));
}

function bodyOf(document: ApiDocument, { operation }: Placed): fc.Arbitrary<string | null> {
  const schema = operation.requestBody?.content['application/json']?.schema;
  const junk = fc.constantFrom<string | null>(
    ...[null, '', '{', '[]', 'null', '"x"', '0', '{"a":1,"a":2}', '\ufeff{}', '{"__proto__":{}}'],
    ...['['.repeat(10_000), `{"x":${'9'.repeat(400)}}`, '{"note":"\\ud800"}', '{"note":"\\u0000"}'],
  );
  if (!schema) return fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, junk);
  const good = valueOf(document, schema);
  const nearly = fc
    .tuple(good, fc.constantFrom(...hostileValues), fc.nat())
    .map(([value, odd, place]) => withOne(value, odd, place));
  return fc.oneof(
    { weight: 5, arbitrary: good.map((value) => JSON.stringify(value)) },
    { weight: 4, arbitrary: nearly.map((value) => JSON.stringify(value)) },
    { weight: 1, arbitrary: junk },
  );
}

/** The same with another value in one of its fields, or with one field more. */
function withOne(value: unknown, odd: unknown, place: number): unknown {
  if (Array.isArray(value)) return [...(value as unknown[]), odd];
  if (typeof value !== 'object' || value === null) return odd;
  const fields = Object.entries(value);
  if (fields.length === 0 || place % 5 === 0) return { ...value, colour: odd };
  const [name, one] = fields[place % fields.length]!;
  const deeper = typeof one === 'object' && one !== null && place % 2 === 0;
  return { ...value, [name]: deeper ? withOne(one, odd, place >> 1) : odd };
}

const depthAtMost = 6;

/** Values that the schema takes, as far as it says. */
function valueOf(document: ApiDocument, schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const name = nameReferred(schema);
  if (name !== null) return valueOf(document, document.components.schemas[name] ?? {}, depth);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return fc.oneof(...branches.map((one) => valueOf(document, one, depth + 1)));
  const types = typesOf(schema);
  if (types.includes('object')) return objectOf(document, schema, depth);
  if (types.includes('array')) {
    if (depth > depthAtMost) return fc.constant([]);
    const size = { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 3, 3) };
    return fc.array(valueOf(document, schema.items ?? {}, depth + 1), size);
  }
  if (types.includes('boolean')) return fc.boolean();
  if (types.includes('integer')) {
    return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1000, 100_000) });
  }
  if (types.includes('number')) return fc.double({ min: 0, max: 100, noNaN: true });
  return types.includes('string') ? textOf(schema) : fc.constant(null);
}

function objectOf(document: ApiDocument, schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const fields = Object.entries(schema.properties ?? {});
  const shape = Object.fromEntries(
    fields.map(([name, one]) => [name, valueOf(document, one, depth + 1)]),
  );
  const requiredKeys = (schema.required ?? []).filter((name) => name in shape);
  return fc.record(shape, { requiredKeys }) as fc.Arbitrary<unknown>;
}

/** Addresses lead to a port of this machine where nobody listens. */
const texts = [
  ...['demo', 'nix', 'hello', 'x86_64-linux', '12', 'http://127.0.0.1:9/x', '1f8a'.repeat(10)],
  ...['/nix/store', 'file:farm', 'main', 'release.nix', '2030-01-01T00:00:00Z', 'ada@example.org'],
  ...['5%', 'guix/guix', 'cache.example.org', 'word', 'a b'],
];

function textOf(schema: Schema): fc.Arbitrary<string> {
  if (schema.format === 'date-time') return fc.constant('2030-01-01T00:00:00Z');
  const { pattern, minLength = 0, maxLength = 40 } = schema;
  const fitting = texts.filter(
    (text) =>
      text.length >= minLength &&
      text.length <= maxLength &&
      (pattern === undefined || new RegExp(pattern, 'u').test(text)),
  );
  const known = fc.constantFrom(...(fitting.length > 0 ? fitting : ['x']));
  if (pattern !== undefined || schema.format === 'uri') return known;
  const unit = fc.string({ minLength, maxLength: Math.min(maxLength, 40), unit: 'grapheme' });
  return fc.oneof({ weight: 3, arbitrary: known }, { weight: 1, arbitrary: unit });
}

function encoded(value: unknown): string {
  try {
    return encodeURIComponent(typeof value === 'object' ? JSON.stringify(value) : String(value));
  } catch {
    return 'x';
  }
}
