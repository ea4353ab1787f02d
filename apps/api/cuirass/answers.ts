/** How answers at Cuirass's addresses go out. */
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Bytes, so that the type stays `application/json` without a charset, as clients compare it. */
export async function sendJson(reply: FastifyReply, body: object): Promise<void> {
  await sendJsonText(reply, JSON.stringify(body));
}

export async function sendJsonText(reply: FastifyReply, text: string): Promise<void> {
  await reply.type('application/json').header('cache-control', 'no-cache').send(Buffer.from(text));
}

/** Relative, so that it holds behind any proxy. */
export async function redirect(reply: FastifyReply, place: string): Promise<void> {
  await reply.status(302).headers({ location: place, 'cache-control': 'no-cache' }).send('');
}

/** Programs say that they take anything, or nothing at all; a browser names pages. */
export function wantsPage({ headers }: FastifyRequest): boolean {
  return /\btext\/html\b/i.test(headers.accept ?? '');
}

/** An address that answers programs and people is cached apart for each. */
export function dependsOnAccept(reply: FastifyReply): void {
  void reply.header('vary', 'Accept');
}
