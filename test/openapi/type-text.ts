/** A JSON Schema as a type of TypeScript. */
import type { Schema } from '../../apps/api/openapi/document-shape.js';
import { typesOf } from '../../apps/api/openapi/examples.js';
import { nameReferred } from '../../apps/api/openapi/settle-schemas.js';

const plain: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
};

export function typeText(schema: Schema): string {
  const name = nameReferred(schema);
  if (name !== null) return name;
  const words = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (words) return words.map((word) => JSON.stringify(word)).join(' | ');
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return [...new Set(branches.map(typeText))].join(' | ');
  if (schema.allOf) return schema.allOf.map((one) => `(${typeText(one)})`).join(' & ');
  const types = typesOf(schema).map((type) => ofType(type, schema));
  return types.length === 0 ? 'unknown' : types.join(' | ');
}

function ofType(type: string, schema: Schema): string {
  if (type === 'array') return `readonly (${typeText(schema.items ?? {})})[]`;
  return type === 'object' ? objectText(schema) : (plain[type] ?? 'unknown');
}

function objectText({
  properties = {},
  required = [],
  additionalProperties,
  propertyNames,
}: Schema): string {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const about = schema.description ? `/** ${schema.description} */ ` : '';
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    return `${about}readonly ${key}${required.includes(name) ? '' : '?'}: ${typeText(schema)};`;
  });
  if (fields.length > 0) return `{ ${fields.join(' ')} }`;
  if (typeof additionalProperties !== 'object') return 'Readonly<Record<string, unknown>>';
  const value = typeText(additionalProperties);
  if (!propertyNames) return `Readonly<Record<string, ${value}>>`;
  return `{ readonly [K in ${typeText(propertyNames)}]?: ${value} }`;
}
