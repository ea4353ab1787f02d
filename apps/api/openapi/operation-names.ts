/**
 * What an operation is called, from its method and address: `GET /builds/{id}/inputs` is
 * listBuildInputs, `POST /builds/{id}/restart` is restartBuild. Names are part of the API: the
 * generated client's functions bear them.
 */
import type { Method } from './document-shape.js';

/** Nouns that end like a plural and are none, and answers that are one thing. */
const singular = new Set(['use', 'livez', 'readyz', 'status', 'progress']);

const verbs = {
  get: 'get',
  post: 'create',
  put: 'put',
  patch: 'change',
  delete: 'remove',
} as const;

/** Where the rule would say what nobody means. */
const named: Readonly<Record<string, string>> = {
  'post /webhooks/{name}': 'deliverWebhook',
  'get /download/{id}': 'downloadProduct',
  'get /api/v1/evaluations/{id}/channels/{file}': 'getEvaluationBundle',
  'get /api/v1/evaluations/{id}/channels.scm': 'getEvaluationChannels',
  'get /api/v1/builds/{id}/log/stream': 'streamBuildLog',
  'get /api/v1/builds/{id}/reproduce': 'getReproduceCommand',
  'get /livez': 'isAlive',
  'get /readyz': 'isReady',
};

export function operationName(method: Method, path: string): string {
  const given = named[`${method} ${path}`];
  if (given !== undefined) return given;
  const parts = path
    .replace(/^\/(api\/v1\/)?/, '')
    .split('/')
    .filter(Boolean);
  const last = parts.at(-1) ?? 'root';
  const before = parts.slice(0, -1);
  if (isParameter(last)) return `${verbs[method]}${nounsOf(before)}`;
  if (method === 'get') {
    const verb = isPlural(last) ? 'list' : 'get';
    return `${verb}${nounsOf(before)}${titled(last)}`;
  }
  if (method === 'post' && !isPlural(last)) return `${camel(last)}${nounsOf(before)}`;
  const whole = method === 'put' || method === 'delete';
  return `${verbs[method]}${nounsOf(before)}${titled(whole ? last : singularOf(last))}`;
}

/** The names of the things on the way, each as one: Build, EvaluationChannel. */
function nounsOf(parts: readonly string[]): string {
  return parts
    .filter((part) => !isParameter(part))
    .map((part) => titled(singularOf(part)))
    .join('');
}

function isParameter(part: string): boolean {
  return part.startsWith('{');
}

function isPlural(word: string): boolean {
  return word.endsWith('s') && !singular.has(word);
}

function singularOf(word: string): string {
  if (!isPlural(word)) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.slice(0, -1);
}

function titled(word: string): string {
  return word
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((part) => part[0]!.toUpperCase() + part.slice(1))
    .join('');
}

function camel(word: string): string {
  const text = titled(word);
  return text[0]!.toLowerCase() + text.slice(1);
}
