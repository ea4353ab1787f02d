/**
 * Makes the whole OpenAPI document of what Nest tells of the controllers: the API without the
 * pages, each operation with a name, its problems, its headers and its right to be called, each
 * schema once.
 */
import {
  methods,
  type AnswerShape,
  type ApiDocument,
  type Content,
  type Method,
  type Operation,
  type Parameter,
  type PathItem,
  type ReferenceTo,
  type Schema,
} from './document-shape.js';
import { addExamples } from './examples.js';
import { operationName } from './operation-names.js';
import { mayBeAbsent } from './schema-converter.js';
import { referenceTo, renameReferences, settledNames } from './settle-schemas.js';
import {
  headers,
  headersNamed,
  notModified,
  otherRefusal,
  parameters,
  refusals,
} from './standing-answers.js';
import { answersByStatus, summaries, tags } from './words.js';

/** What Nest's module makes, as far as it is read. */
export interface RawDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

const ofApi = /^\/(api\/v1\/|webhooks\/|download\/|jobset\/|livez$|readyz$)/;
/** These start work, and a repeated one would start it twice. */
const startsWork = (method: Method, path: string): boolean =>
  method === 'post' && path.startsWith('/api/v1/');

export function completeDocument(raw: RawDocument, version: string): ApiDocument {
  const schemas = (raw.components?.schemas ?? {}) as Record<string, Schema>;
  const names = settledNames(schemas);
  const told: Record<string, Schema> = {};
  for (const [placed, name] of names) told[name] ??= schemas[placed]!;
  const items: Record<string, PathItem> = {};
  for (const [path, item] of Object.entries(raw.paths)) {
    if (ofApi.test(path)) items[path] = completeItem(path, item, told);
  }
  const paths = renameReferences(items, names);
  const shared = renameReferences(told, names);
  const used = new Set(
    Object.values(paths).flatMap((item) => Object.values(item).flatMap((one) => one.tags)),
  );
  return addExamples({
    openapi: '3.1.0',
    info: {
      title: 'Gambeson',
      version,
      description: 'Specifications, evaluations, builds and workers of this build farm.',
      license: { name: 'GPL-3.0-or-later', identifier: 'GPL-3.0-or-later' },
    },
    servers: [{ url: '/' }],
    tags: tags.filter(({ name }) => used.has(name)),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(shared).sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: Object.fromEntries(
        [...Object.values(refusals), otherRefusal].map(({ name, shape }) => [name, shape]),
      ),
      headers,
      parameters,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The admin token, or another.' },
      },
    },
  });
}

interface RawOperation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: Operation['security'];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses?: Readonly<Record<string, AnswerShape>>;
}

function completeItem(
  path: string,
  item: Readonly<Record<string, unknown>>,
  shared: Record<string, Schema>,
): PathItem {
  return Object.fromEntries(
    methods.flatMap((method) => {
      const raw = item[method] as RawOperation | undefined;
      return raw ? [[method, complete({ path, method, raw }, shared)]] : [];
    }),
  );
}

interface Place {
  readonly path: string;
  readonly method: Method;
  readonly raw: RawOperation;
}

function complete(place: Place, shared: Record<string, Schema>): Operation {
  const { path, method, raw } = place;
  const operationId = operationName(method, path);
  const body =
    raw.requestBody && bodyOf(raw.requestBody.content, `${titled(operationId)}Body`, shared);
  return {
    operationId,
    summary: raw.summary || (summaries[operationId] ?? sentenceOf(operationId)),
    ...(raw.description && { description: raw.description }),
    tags: [tagOf(place)],
    security: raw.security ?? [],
    parameters: parametersOf(place),
    ...(body && { requestBody: body }),
    responses: { ...successes(place, operationId, shared), ...refusalsOf(place) },
  };
}

/** The first that is known; a controller without one is known by its address. */
function tagOf({ path, raw }: Place): string {
  const told = (raw.tags ?? []).map((tag) => tag.toLowerCase());
  const known = told.find((tag) => tags.some(({ name }) => name === tag));
  return known ?? path.replace('/api/v1/', '').split('/')[0]!;
}

/** A body that may be left out is marked by the converter of schemas. */
function bodyOf(
  content: Content,
  name: string,
  shared: Record<string, Schema>,
): NonNullable<Operation['requestBody']> {
  const entries = Object.entries(content).map(([type, { schema = {} }]) => {
    const { [mayBeAbsent]: absent, ...rest } = schema as Schema & { [mayBeAbsent]?: true };
    return { type, absent: absent === true, schema: named(rest, name, shared) };
  });
  return {
    required: !entries.some(({ absent }) => absent),
    content: Object.fromEntries(entries.map(({ type, schema }) => [type, { schema }])),
  };
}

/** An object that nothing else names is called after its operation. */
function named(schema: Schema, name: string, shared: Record<string, Schema>): Schema {
  if (schema.$ref !== undefined || schema.type !== 'object' || !schema.properties) return schema;
  shared[name] = schema;
  return referenceTo(name);
}

function parametersOf({ path, method, raw }: Place): (Parameter | ReferenceTo)[] {
  const standing: string[] = [];
  if (method === 'get' && answersJson(raw)) standing.push('IfNoneMatch');
  if (method === 'put' || method === 'patch') standing.push('IfMatch');
  if (startsWork(method, path)) standing.push('IdempotencyKey');
  const own = (raw.parameters ?? []).filter(
    ({ name }) => !standing.some((one) => parameters[one]?.name === name),
  );
  return [
    ...own.map((one) => ({ ...one, required: one.in === 'path' || one.required === true })),
    ...standing.map((name) => ({ $ref: `#/components/parameters/${name}` })),
  ];
}

function answersJson(raw: RawOperation): boolean {
  return Object.keys(raw.responses?.['200']?.content ?? {}).includes('application/json');
}

function successes(
  place: Place,
  operationId: string,
  shared: Record<string, Schema>,
): Record<string, AnswerShape> {
  const { method, raw } = place;
  const told = Object.entries(raw.responses ?? {}).filter(([status]) => Number(status) < 400);
  const done: [string, AnswerShape] = ['204', { description: '' }];
  const entries = told.length > 0 ? told : [done];
  const answers = entries.map(([status, answer]): [string, AnswerShape] => {
    const content = Object.entries(answer.content ?? {}).map(([type, { schema = {} }]) => [
      type,
      { schema: named(schema, `${titled(operationId)}Answer`, shared) },
    ]);
    const names = headersOf(place, status, answer);
    return [
      status,
      {
        description: answer.description || (answersByStatus[status] ?? 'As asked'),
        ...(content.length > 0 && { content: Object.fromEntries(content) as Content }),
        ...(names.length > 0 && { headers: headersNamed(names) }),
      },
    ];
  });
  const cached = method === 'get' && answersJson(raw);
  return { ...Object.fromEntries(answers), ...(cached && { 304: notModified }) };
}

function headersOf({ method, path }: Place, status: string, answer: AnswerShape): string[] {
  if (!path.startsWith('/api/v1/')) return [];
  const schema = answer.content?.['application/json']?.schema;
  const names = method === 'get' && schema ? ['ETag'] : [];
  if (method === 'get' && schema?.properties?.['next']) names.push('Link');
  if (status === '201') names.push('Location');
  if (startsWork(method, path)) names.push('Idempotency-Replayed');
  return names;
}

/** What its route names, and what no route can help. */
function refusalsOf({ path, method, raw }: Place): Record<string, AnswerShape | ReferenceTo> {
  const statuses = new Set(Object.keys(raw.responses ?? {}).filter((one) => Number(one) >= 400));
  const v1 = path.startsWith('/api/v1/');
  if (!v1) return Object.fromEntries([...statuses].map((one) => [one, refusalAt(one, raw)]));
  const made = Object.entries(raw.responses ?? {}).filter(([status]) => status.startsWith('2'));
  if (made.some(([, { content }]) => content)) statuses.add('406');
  if (raw.parameters?.some((one) => one.in === 'query')) statuses.add('400');
  if (raw.parameters?.some((one) => one.in === 'path')) statuses.add('404');
  if (raw.security) for (const status of ['401', '403']) statuses.add(status);
  if (raw.requestBody) for (const status of ['413', '415', '422']) statuses.add(status);
  if (method === 'put' || method === 'patch') for (const one of ['412', '428']) statuses.add(one);
  if (startsWork(method, path)) for (const status of ['409', '422']) statuses.add(status);
  for (const status of ['429', '503']) statuses.add(status);
  const known = [...statuses].sort().map((status) => [status, refusalAt(status, raw)] as const);
  return { ...Object.fromEntries(known), default: { $ref: '#/components/responses/Failed' } };
}

/** The standing one, unless its route has a shape of its own. */
function refusalAt(status: string, raw: RawOperation): AnswerShape | ReferenceTo {
  const own = raw.responses?.[status];
  const content = Object.values(own?.content ?? {})[0]?.schema;
  const standing = refusals[status];
  if (!standing || (content && !content.$ref?.endsWith('.Problem'))) return own!;
  return { $ref: `#/components/responses/${standing.name}` };
}

function titled(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1);
}

/** `listBuildInputs`: List build inputs. */
function sentenceOf(operationId: string): string {
  const words = operationId.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return titled(words);
}
