/**
 * How large a body each address reads, and for how long; what is larger is refused with 413. What
 * forges send has a bound of its own (webhooks/raw-body.ts), and so have Cuirass's forms.
 */
import type { FastifyInstance } from 'fastify';

const kibibyte = 1024;

/** The first that fits; the most that a request of its kind can sensibly be. */
const requestLimits: readonly (readonly [address: RegExp, bytes: number])[] = [
  // Ten thousand package names, at most.
  [/^\/api\/v1\/specifications(\/:name)?$/, 1024 * kibibyte],
  // A hundred keys of 4,000 characters.
  [/^\/api\/v1\/stores(\/:slug)?$/, 512 * kibibyte],
  [/^\/api\/v1\/upstreams$/, 128 * kibibyte],
  [/^\/api\/v1\//, 64 * kibibyte],
  [/^\/admin(?!\/(gitlab|forgejo)\/event$)(\/|$)/, 1024 * kibibyte],
];

/** Whoever sends a body slowly holds a connection; 25 MiB come in this by 2 megabits a second. */
const wholeRequestMilliseconds = 120_000;

export function limitRequests(fastify: FastifyInstance): void {
  fastify.server.requestTimeout = wholeRequestMilliseconds;
  fastify.addHook('onRoute', (route) => {
    const found = requestLimits.find(([address]) => address.test(route.url));
    if (found) route.bodyLimit ??= found[1];
  });
}
