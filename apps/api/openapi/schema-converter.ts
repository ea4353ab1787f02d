/**
 * Tells zod schemas as JSON Schema to Nest's document: what `libs/protocol` exports bears its name
 * there, once, wherever it stands. What is sent and what is answered may differ in one schema
 * (defaults), so each is kept apart until the document is whole.
 */
import { z } from 'zod';
import * as audit from '#protocol/api/audit.js';
import * as buildProduct from '#protocol/api/build-product.js';
import * as buildStory from '#protocol/api/build-story.js';
import * as build from '#protocol/api/build.js';
import * as commit from '#protocol/api/commit.js';
import * as difference from '#protocol/api/difference.js';
import * as evaluation from '#protocol/api/evaluation.js';
import * as forge from '#protocol/api/forge.js';
import * as health from '#protocol/api/health.js';
import * as log from '#protocol/api/log.js';
import * as map from '#protocol/api/map.js';
import * as metric from '#protocol/api/metric.js';
import * as notification from '#protocol/api/notification.js';
import * as available from '#protocol/api/package.js';
import * as page from '#protocol/api/page.js';
import * as problem from '#protocol/api/problem.js';
import * as queue from '#protocol/api/queue.js';
import * as repository from '#protocol/api/repository.js';
import * as retention from '#protocol/api/retention.js';
import * as specification from '#protocol/api/specification.js';
import * as store from '#protocol/api/store.js';
import * as token from '#protocol/api/token.js';
import * as upstream from '#protocol/api/upstream.js';
import * as use from '#protocol/api/use.js';
import * as verification from '#protocol/api/verification.js';
import * as wish from '#protocol/api/wish.js';
import * as worker from '#protocol/api/worker.js';
import * as document from '#protocol/specification.js';
import * as conversation from '#protocol/worker.js';
import type { Schema } from './document-shape.js';

type Side = 'input' | 'output';

interface Converted {
  readonly schema: unknown;
  readonly components?: Record<string, unknown>;
}

const modules = [
  [problem, page, document, buildProduct, build, evaluation, specification, repository],
  [forge, metric, notification, retention, store, token, upstream, use, verification, wish],
  [worker, conversation, health, audit, buildStory, commit, difference, log, map, available],
  [queue],
].flat();

/** Written in a request body's schema that may be left out; the finished document has no such. */
export const mayBeAbsent = 'x-may-be-absent';

export function schemaConverter(): (schema: unknown, options: { schemaType: Side }) => Converted {
  const names = z.registry<{ id: string }>();
  const taken = new Set<string>();
  for (const [name, value] of modules.flatMap((module) => Object.entries(module))) {
    if (!isNameable(name, value) || names.has(value) || taken.has(name)) continue;
    taken.add(name);
    names.add(value, { id: name });
  }
  return (schema, { schemaType }) => convert(schema as z.ZodType, schemaType, names);
}

function isNameable(name: string, value: unknown): value is z.ZodType {
  // The fields of a query are parameters, one by one.
  if (!(value instanceof z.ZodType) || name.endsWith('Query')) return false;
  const kind = value.def.type;
  return kind === 'object' || kind === 'enum' || kind === 'union';
}

function convert(
  schema: z.ZodType,
  side: Side,
  names: z.core.$ZodRegistry<{ id: string }>,
): Converted {
  const told = z.toJSONSchema(schema, {
    io: side,
    metadata: names,
    unrepresentable: 'any',
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => simplify(jsonSchema),
  }) as Schema & { $defs?: Record<string, Schema>; $schema?: string };
  const { $defs = {}, $schema: _dialect, ...root } = told;
  const components = Object.fromEntries(
    Object.entries($defs).map(([name, one]) => [`${side}.${name}`, renamed(one, side)]),
  );
  const absent = side === 'input' && schema.safeParse(undefined).success;
  return { schema: { ...renamed(root, side), ...(absent && { [mayBeAbsent]: true }) }, components };
}

/** The same with its references pointing at the components of its side, and without zod's `id`. */
function renamed(schema: Schema & { readonly id?: unknown }, side: Side): Schema {
  const { id, ...rest } = schema;
  const text = JSON.stringify(typeof id === 'string' ? rest : schema, (key, value: unknown) =>
    key === '$ref' && typeof value === 'string'
      ? value.replace('#/$defs/', `#/components/schemas/${side}.`)
      : value,
  );
  return JSON.parse(text) as Schema;
}

/** A format says enough, and every number of JSON lies within what it can hold. */
function simplify(schema: Record<string, unknown>): void {
  if (schema['format'] === 'date-time' || schema['format'] === 'uri') delete schema['pattern'];
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  spellOutRecord(schema);
}

/** A record that has every one of its words is told as an object with these fields. */
function spellOutRecord(schema: Record<string, unknown>): void {
  const { required, additionalProperties: value, properties } = schema;
  if (!Array.isArray(required) || properties !== undefined || typeof value !== 'object') return;
  schema['properties'] = Object.fromEntries(required.map((name) => [String(name), value]));
  schema['additionalProperties'] = false;
  delete schema['propertyNames'];
}
