/** Answers with a problem from where no filter stands: a hook, or before any route. */
import type { FastifyReply } from 'fastify';
import { printProblem, type Refusal } from './problem.js';

/** Bytes, since fastify would add to text a charset that JSON does not have. */
export function sendProblem(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return reply
    .status(refusal.status)
    .headers(refusal.headers ?? {})
    .type('application/problem+json')
    .send(Buffer.from(JSON.stringify(printProblem(refusal))));
}
