/**
 * Writes the typed client in libs/client of the OpenAPI document: one function per operation, named
 * as it is, in one file per tag with the types that only this tag uses; the rest in shared.ts.
 */
import {
  operationsOf,
  type ApiDocument,
  type Operation,
  type Parameter,
  type Placed,
  type ReferenceTo,
  type Schema,
} from '../../apps/api/openapi/document-shape.js';
import { typeText } from './type-text.js';

const warning = '// Generated from the OpenAPI document by `npm run client`: do not edit.\n';
const sharedFile = 'shared';

/** The text of each file by its name. */
export function clientFiles(document: ApiDocument): Map<string, string> {
  const placed = operationsOf(document).filter(({ path }) => path.startsWith('/api/v1/'));
  const homes = homesOf(document, placed);
  const files = new Map<string, string>();
  for (const file of [sharedFile, ...new Set(placed.map(tagOf))].sort()) {
    const here = placed.filter((one) => tagOf(one) === file);
    files.set(`${file}.ts`, fileText({ document, homes, file, placed: here }));
  }
  return files;
}

function tagOf({ operation }: Placed): string {
  return operation.tags[0] ?? sharedFile;
}

/** Which file each schema lies in. */
function homesOf(document: ApiDocument, placed: readonly Placed[]): Map<string, string> {
  const users = new Map<string, Set<string>>();
  for (const one of placed) {
    for (const name of reachable(document, operationSchemas(document, one.operation))) {
      users.set(name, (users.get(name) ?? new Set()).add(tagOf(one)));
    }
  }
  return new Map(
    [...users].map(([name, tags]) => [name, tags.size === 1 ? [...tags][0]! : sharedFile]),
  );
}

function operationSchemas(document: ApiDocument, operation: Operation): Schema[] {
  const answer = successOf(operation);
  return [
    ...parametersOf(document, operation).map(({ schema }) => schema),
    ...Object.values(operation.requestBody?.content ?? {}).map(({ schema }) => schema ?? {}),
    ...(answer ? [answer] : []),
  ];
}

function reachable(document: ApiDocument, roots: readonly Schema[]): Set<string> {
  const found = new Set<string>();
  const look = (schema: Schema): void => {
    for (const name of namesIn(schema)) {
      if (found.has(name)) continue;
      found.add(name);
      look(document.components.schemas[name]!);
    }
  };
  roots.forEach(look);
  return found;
}

function namesIn(value: unknown): string[] {
  const text = JSON.stringify(value) ?? '';
  return [...text.matchAll(/"\$ref":"#\/components\/schemas\/([A-Za-z0-9]+)"/g)].map(
    ([, name]) => name!,
  );
}

export function parametersOf(document: ApiDocument, operation: Operation): Parameter[] {
  return operation.parameters.map((one) => {
    const referred = (one as ReferenceTo).$ref?.split('/').at(-1);
    return referred === undefined ? (one as Parameter) : document.components.parameters[referred]!;
  });
}

/** The schema of the answer when all goes well; null: it has no body, or one that is no JSON. */
function successOf(operation: Operation): Schema | null {
  for (const [status, answer] of Object.entries(operation.responses)) {
    const schema = 'content' in answer && answer.content?.['application/json']?.schema;
    if (status.startsWith('2') && schema) return schema;
  }
  return null;
}

interface FileParts {
  readonly document: ApiDocument;
  readonly homes: ReadonlyMap<string, string>;
  readonly file: string;
  readonly placed: readonly Placed[];
}

function fileText({ document, homes, file, placed }: FileParts): string {
  const own = [...homes]
    .filter(([, home]) => home === file)
    .map(([name]) => name)
    .sort();
  const types = own.map((name) => declaration(name, document.components.schemas[name]!));
  const functions = placed.map((one) => functionText(document, one));
  const used = new Set(namesUsed(document, own, placed));
  const imports = importsOf(homes, file, used);
  const told = document.tags.find(({ name }) => name === file)?.description;
  const about = `/** ${told ?? 'What several parts of the API share.'} */\n`;
  const client = placed.length > 0 ? clientImport(functions.join('\n')) : '';
  return `${warning}${about}${client}${imports}\n${[...types, ...functions].join('\n')}`;
}

function namesUsed(
  document: ApiDocument,
  own: readonly string[],
  placed: readonly Placed[],
): string[] {
  return [
    ...own.flatMap((name) => namesIn(document.components.schemas[name])),
    ...placed.flatMap(({ operation }) => operationSchemas(document, operation).flatMap(namesIn)),
  ];
}

function importsOf(
  homes: ReadonlyMap<string, string>,
  file: string,
  used: ReadonlySet<string>,
): string {
  const byHome = Map.groupBy([...used].sort(), (name) => homes.get(name)!);
  byHome.delete(file);
  return [...byHome]
    .sort()
    .map(([home, names]) => `import type { ${names.join(', ')} } from './${home}.js';\n`)
    .join('');
}

function clientImport(text: string): string {
  const names = ['Client', 'RawAnswer', 'Reading', 'Starting', 'Writing'];
  const used = names.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  return `import type { ${used.join(', ')} } from '../client.js';\n`;
}

function declaration(name: string, schema: Schema): string {
  const about = schema.description ? `/** ${schema.description} */\n` : '';
  const text = typeText(schema);
  if (text.startsWith('{')) return `${about}export interface ${name} ${text}\n`;
  return `${about}export type ${name} = ${text};\n`;
}

function functionText(document: ApiDocument, { path, method, operation }: Placed): string {
  const { input, options } = inputText(document, operation);
  const answer = answerText(operation);
  const places = `{ method: '${method.toUpperCase()}', path: '${path}', answer: '${answer.kind}' }`;
  const optional = input.required ? '' : ' = {}';
  return [
    `/** ${operation.summary ?? operation.operationId}. */`,
    `export function ${operation.operationId}(`,
    `client: Client, input: ${input.text} & ${options}${optional}): Promise<${answer.type}> {`,
    `return client.call(${places}, input);`,
    '}\n',
  ].join('\n');
}

function inputText(
  document: ApiDocument,
  operation: Operation,
): { input: { text: string; required: boolean }; options: string } {
  const parameters = parametersOf(document, operation);
  const names = parameters.map(({ name }) => name);
  const fields: string[] = [];
  let required = false;
  for (const place of ['path', 'query'] as const) {
    const here = parameters.filter((one) => one.in === place);
    if (here.length === 0) continue;
    const must = here.some((one) => one.required);
    required ||= must;
    const text = here.map(
      (one) => `readonly '${one.name}'${one.required ? '' : '?'}: ${typeText(one.schema)};`,
    );
    fields.push(`readonly ${place}${must ? '' : '?'}: { ${text.join(' ')} };`);
  }
  const body = operation.requestBody;
  if (body) {
    required ||= body.required;
    const schema = body.content['application/json']?.schema ?? {};
    fields.push(`readonly body${body.required ? '' : '?'}: ${typeText(schema)};`);
  }
  const options = optionsOf(names);
  return {
    input: { text: `{ ${fields.join(' ')} }`, required: required || options === 'Writing' },
    options,
  };
}

/** What a call may say beside its input. */
function optionsOf(parameters: readonly string[]): string {
  if (parameters.includes('If-Match')) return 'Writing';
  return parameters.includes('Idempotency-Key') ? 'Starting' : 'Reading';
}

function answerText(operation: Operation): { kind: string; type: string } {
  const json = successOf(operation);
  if (json) return { kind: 'json', type: typeText(json) };
  const types = Object.entries(operation.responses).flatMap(([status, answer]) =>
    status.startsWith('2') && 'content' in answer ? Object.keys(answer.content ?? {}) : [],
  );
  return types.length === 0
    ? { kind: 'nothing', type: 'void' }
    : { kind: 'raw', type: 'RawAnswer' };
}
