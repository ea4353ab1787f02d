/**
 * What the farm's services write besides nars: offers of paths and derivation packs. The credential
 * is looked at before the first byte of a body is asked for.
 */
import { faultsOf } from '#protocol/api/problem.js';
import { OfferRequest, type PackAnswer } from '#protocol/upload.js';
import { offerPath } from '#application/offer-path.js';
import type { SubstituteStore } from '#application/ports/substitute-store.js';
import { storePack, type PackParts } from '#application/store-pack.js';
import type { Refusal } from '#nest/problem.js';
import { contentAddressHolds } from './content-address.js';
import { principalOf, serviceOnly, unauthorized, unknownStore } from './credential.js';
import { offerOf } from './offer-request.js';
import { offerRefusal, packRefusal } from './refusals.js';
import { contentType, wholeBody } from './request-body.js';
import { sendJson, sendProblem, type Exchange } from './respond.js';

export interface WriteParts extends PackParts {
  readonly substitutes: SubstituteStore;
  readonly serviceToken: string;
}

/** Bytes of an offer: some 100,000 references. */
const largestOffer = 8 * 1024 * 1024;
/** Bytes of a pack as it travels. */
const largestPack = 64 * 1024 * 1024;

export class WriteRoutes {
  constructor(private readonly parts: WriteParts) {}

  async offer(exchange: Exchange, slug: string): Promise<void> {
    if (!this.service(exchange)) return;
    const body = await wholeBody(exchange, largestOffer);
    if (!body) return sendProblem(exchange, tooLarge(largestOffer));
    const parsed = OfferRequest.safeParse(json(body));
    if (!parsed.success) {
      return sendProblem(exchange, { ...badOffer, errors: faultsOf(parsed.error.issues) });
    }
    const offer = offerOf(slug, parsed.data);
    if (!offer.ok) return sendProblem(exchange, { ...badOffer, errors: [offer.error] });
    const { substitutes } = this.parts;
    const upload = { principal: { kind: 'service' }, name: offer.value.path } as const;
    const done = await offerPath({ substitutes, contentAddressHolds }, offer.value, upload);
    if (!done.ok) return sendProblem(exchange, ...offerRefusal(done.error));
    sendJson(exchange, done.value === 'offer' ? 201 : 200, { path: offer.value.path });
  }

  async pack(exchange: Exchange, slug: string, hash: string): Promise<void> {
    if (!this.service(exchange)) return;
    const dir = await this.parts.substitutes.directory(slug);
    if (dir === null) return sendProblem(exchange, unknownStore);
    const bytes = await wholeBody(exchange, largestPack);
    if (!bytes) return sendProblem(exchange, tooLarge(largestPack));
    const zstd = contentType(exchange.request) === 'application/zstd';
    const compression = zstd ? 'zstd' : 'none';
    const done = await storePack(this.parts, { slug, dir, hash, bytes, compression });
    if (!done.ok) return sendProblem(exchange, ...packRefusal(done.error));
    const answer: PackAnswer = {
      pack: String(done.value.id),
      derivations: done.value.derivations,
    };
    sendJson(exchange, 201, answer);
  }

  /** Whether a service of the farm asks; answers when not. */
  private service(exchange: Exchange): boolean {
    const principal = principalOf(exchange.request, this.parts.serviceToken);
    if (principal?.kind === 'service') return true;
    sendProblem(exchange, principal ? serviceOnly : unauthorized);
    return false;
  }
}

const badOffer: Refusal = {
  status: 400,
  kind: 'malformed-request',
  detail: 'The offer cannot be read.',
};

function tooLarge(limit: number): Refusal {
  return { status: 413, kind: 'too-large', detail: `At most ${limit} bytes are read.` };
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
