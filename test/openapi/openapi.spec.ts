import { beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import {
  operationsOf,
  type ApiDocument,
  type Schema,
} from '../../apps/api/openapi/document-shape.js';
import { documentOfApi } from './document-of-api.js';

/** All of Redocly's recommended rules, as errors, and what the house asks beyond them. */
const rules = {
  'operation-4xx-response': 'off',
  'no-unused-components': 'off',
  'paths-kebab-case': 'off',
  'path-segment-plural': 'off',
  'no-http-verbs-in-paths': 'off',
  'operation-summary': 'error',
  'operation-operationId-unique': 'error',
  'operation-operationId-url-safe': 'error',
  'tag-description': 'error',
  'no-invalid-parameter-examples': 'error',
  'no-duplicated-tag-names': 'error',
  'no-schema-type-mismatch': 'error',
  'parameter-description': 'off',
  'component-name-unique': 'error',
} as const;

async function faultsOf(document: unknown): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended-strict'], rules });
  const source = JSON.stringify(document);
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  return problems.map((one) => `${one.ruleId} ${one.location[0]?.pointer ?? ''} ${one.message}`);
}

function nameOf(reference = ''): string {
  return reference.split('/').at(-1)!;
}

describe('the OpenAPI document', () => {
  let document: ApiDocument;
  beforeAll(async () => {
    document = await documentOfApi();
  });

  it('is of version 3.1 and has no fault that the linter finds', async () => {
    expect(document.openapi).toBe('3.1.0');
    expect(await faultsOf(document)).toEqual([]);
  });

  it('has faults for the linter when it is broken', async () => {
    const { '/api/v1/queue': queue } = document.paths;
    const twice = { '/api/v1/queue': queue, '/api/v1/again': queue };
    expect((await faultsOf({ ...document, paths: twice })).join()).toContain('operationId');
  });

  it('names a tag, a summary and a word of its own for each operation', () => {
    const bad = operationsOf(document).filter(
      ({ operation }) =>
        operation.tags.length !== 1 ||
        !operation.summary ||
        !/^[a-z][A-Za-z]+$/.test(operation.operationId),
    );
    expect(bad.map(({ operation }) => operation.operationId)).toEqual([]);
  });

  it('says what every answer of JSON is, by name', () => {
    const unnamed = operationsOf(document).flatMap(({ operation }) =>
      Object.entries(operation.responses).flatMap(([status, answer]) => {
        if (!('content' in answer) || !status.startsWith('2')) return [];
        const json = answer.content?.['application/json'];
        return json && !json.schema?.$ref ? [`${operation.operationId} ${status}`] : [];
      }),
    );
    expect(unnamed).toEqual([]);
  });

  it('takes as cursor what a list said comes next, since Link says so, too', () => {
    const lists = operationsOf(document).filter(({ operation }) => {
      const json = operation.responses['200'];
      const content = json && 'content' in json ? json.content?.['application/json'] : undefined;
      const { properties } = document.components.schemas[nameOf(content?.schema?.$ref)] ?? {};
      return properties?.['items'] && properties['next'];
    });
    const deaf = lists.filter(
      ({ operation }) =>
        !operation.parameters?.some((one) => 'name' in one && one.name === 'cursor'),
    );
    expect(lists.length).toBeGreaterThan(10);
    expect(deaf.map(({ operation }) => operation.operationId)).toEqual([]);
  });

  it('has an example of every object', () => {
    const objects = Object.entries(document.components.schemas).filter(([, one]) => one.properties);
    const without = objects.filter(([, one]: [string, Schema]) => !one.examples?.length);
    expect(objects.length).toBeGreaterThan(50);
    expect(without.map(([name]) => name)).toEqual([]);
  });

  it('tells of nothing that is for people: no page, no /admin', () => {
    const others = Object.keys(document.paths).filter(
      (path) => !/^\/(api\/v1|webhooks|download|jobset|livez|readyz)/.test(path),
    );
    expect(others).toEqual([]);
  });
});
