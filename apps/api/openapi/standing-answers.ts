/**
 * What every operation may answer beside its own success: the problems of RFC 9457, each once as a
 * component, and the headers and parameters that conditional and repeated requests go by.
 */
import type { AnswerShape, Parameter, ReferenceTo, Schema } from './document-shape.js';

const problem = { schema: { $ref: '#/components/schemas/Problem' } };

function refusal(description: string, headers: readonly string[] = []): AnswerShape {
  return {
    description,
    content: { 'application/problem+json': problem },
    ...(headers.length > 0 && { headers: headersNamed(headers) }),
  };
}

export function headersNamed(names: readonly string[]): Record<string, ReferenceTo> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** By status; the key of each is its name among the components. */
export const refusals: Readonly<Record<string, { name: string; shape: AnswerShape }>> = {
  400: { name: 'BadRequest', shape: refusal('The request or its query cannot be read') },
  401: {
    name: 'Unauthorized',
    shape: refusal('It needs a credential, and none that is good was shown', ['WWW-Authenticate']),
  },
  403: { name: 'Forbidden', shape: refusal('Who asks is known, and may not do this') },
  404: { name: 'NotFound', shape: refusal('There is no such thing') },
  406: { name: 'NotAcceptable', shape: refusal('It answers in no type that Accept names') },
  409: { name: 'Conflict', shape: refusal('What stands in the way is said in the detail') },
  410: { name: 'Gone', shape: refusal('It was there, and is kept no more') },
  412: { name: 'PreconditionFailed', shape: refusal('Something newer stands there now') },
  413: { name: 'TooLarge', shape: refusal('The body is larger than what is read') },
  415: { name: 'UnsupportedMediaType', shape: refusal('The body is of no type that is read') },
  416: { name: 'RangeNotSatisfiable', shape: refusal('It has no such bytes') },
  422: { name: 'Unprocessable', shape: refusal('The body can be read, and not be used') },
  428: { name: 'PreconditionRequired', shape: refusal('Say with If-Match what is replaced') },
  429: {
    name: 'TooManyRequests',
    shape: refusal('Too much was asked; go on after Retry-After', ['Retry-After', 'RateLimit']),
  },
  503: {
    name: 'Unavailable',
    shape: refusal('What it needs does not answer now', ['Retry-After']),
  },
};

export const otherRefusal = { name: 'Failed', shape: refusal('A fault of the farm itself') };

const text: Schema = { type: 'string' };

export const headers: Readonly<Record<string, { description: string; schema: Schema }>> = {
  ETag: { description: 'Of this answer: strong where it cannot change, weak else', schema: text },
  Link: { description: 'RFC 8288: the next page has rel="next"', schema: text },
  Location: { description: 'Address of what was made', schema: text },
  'Retry-After': { description: 'Seconds', schema: { type: 'integer', minimum: 0 } },
  RateLimit: { description: 'What is left, as drafted: "requests";r=LEFT;t=SECONDS', schema: text },
  'RateLimit-Policy': {
    description: 'What is allowed, as drafted: "requests";q=QUOTA;w=SECONDS',
    schema: text,
  },
  'WWW-Authenticate': { description: 'Bearer', schema: text },
  Allow: { description: 'The methods that the address knows', schema: text },
  'Idempotency-Replayed': {
    description: 'true: the answer to the first request of this key, given again',
    schema: text,
  },
};

export const parameters: Readonly<Record<string, Parameter>> = {
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'An ETag that is there already: the answer is 304 while it stands',
    schema: text,
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: true,
    description: 'The ETag that was read, or * for whatever stands there',
    schema: text,
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'A word of your own, kept for 24 hours: the same request with it again gets the first ' +
      'answer and starts nothing',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
  },
};

export const notModified: AnswerShape = {
  description: 'It is what you have',
  headers: headersNamed(['ETag']),
};
