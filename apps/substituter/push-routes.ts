/**
 * What clients outside the farm push with an access token, as `nix copy --to` and `nix store
 * copy-log` do it: nars, listings of nars, at last the narinfo that names them, and logs. The token
 * is looked at before the first byte of a body is asked for, and again when the row is written.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ingestPush, type PushParts } from '#application/ingest-push.js';
import type { LogStore } from '#application/ports/log-store.js';
import type { PushedLogs } from '#application/ports/pushed-logs.js';
import type { SubstituteStore } from '#application/ports/substitute-store.js';
import type { TokenGrant } from '#application/ports/token-store.js';
import { isPushed, pushPath } from '#application/push-path.js';
import { parsePushedFile, type PushedFile } from '#domain/substitute/pushed-file.js';
import { contentAddressHolds } from './content-address.js';
import { unknownStore, type Credentials } from './credential.js';
import { pushOf } from './push-request.js';
import {
  ingestRefusal,
  offerRefusal,
  packingRefusal,
  tooLarge,
  unprocessable,
} from './refusals.js';
import { bodyOf, wholeBody } from './request-body.js';
import { send, sendJson, sendProblem, type Exchange } from './respond.js';
import type { Target } from './target.js';

export interface PushRouteParts extends Omit<PushParts, 'substitutes'> {
  readonly substitutes: SubstituteStore;
  readonly credentials: Credentials;
  readonly logs: Pick<LogStore, 'append' | 'seal'>;
  readonly pushedLogs: PushedLogs;
  readonly largestLog: number;
}

type PushTarget = Extract<Target, { kind: 'nar' | 'pushed-nar' | 'listing' | 'narinfo' | 'log' }>;

/** Bytes of a narinfo: some 100,000 references. */
const largestNarinfo = 8 * 1024 * 1024;
/** Bytes of a listing, which is read and dropped: the farm makes its own from the nar. */
const largestListing = 256 * 1024 * 1024;

export class PushRoutes {
  constructor(private readonly parts: PushRouteParts) {}

  /** Whether a PUT of this target is a push. */
  takes(target: Target): target is PushTarget {
    return ['nar', 'pushed-nar', 'listing', 'narinfo', 'log'].includes(target.kind);
  }

  async take(exchange: Exchange, target: PushTarget): Promise<void> {
    const { request } = exchange;
    const wish = { access: 'write', store: target.slug } as const;
    const granted = await this.parts.credentials.grantFor(request, wish);
    if (!granted.ok) return sendProblem(exchange, granted.error);
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding !== 'identity') return sendProblem(exchange, notEncoded);
    switch (target.kind) {
      case 'nar':
      case 'pushed-nar':
        return this.nar(exchange, target, granted.value);
      case 'narinfo':
        return this.narinfo(exchange, target, granted.value);
      case 'listing':
        return this.listing(exchange);
      case 'log':
        return this.log(exchange, target);
    }
  }

  /**
   * Before a client sends a nar it asks whether it is there. One that was pushed and is not named
   * yet is known to its sender alone. False when this is not such a question.
   */
  async answerHead(exchange: Exchange, target: Target): Promise<boolean> {
    const { request } = exchange;
    const { authorization } = request.headers;
    if (request.method !== 'HEAD' || authorization === undefined) return false;
    if (target.kind !== 'nar' && target.kind !== 'pushed-nar') return false;
    const wish = { access: 'write', store: target.slug } as const;
    const granted = await this.parts.credentials.grantFor(request, wish);
    if (!granted.ok) return false;
    const principal = { kind: 'token', token: granted.value.token } as const;
    const { name } = fileOf(target);
    if (!(await isPushed(this.parts, target.slug, { principal, name }))) return false;
    send(exchange, { type: 'application/x-nix-nar', body: '' });
    return true;
  }

  /** Of a private store. */
  async mayRead(request: IncomingMessage, slug: string): Promise<boolean> {
    const granted = await this.parts.credentials.grantFor(request, { access: 'read', store: slug });
    return granted.ok;
  }

  private async nar(
    exchange: Exchange,
    target: Extract<PushTarget, { kind: 'nar' | 'pushed-nar' }>,
    { token }: TokenGrant,
  ): Promise<void> {
    const { slug } = target;
    const arriving = { slug, file: fileOf(target), token, body: bodyOf(exchange) };
    const done = await ingestPush(this.parts, arriving);
    if (done.ok) {
      const { narHash, narSize } = done.value.nar;
      return sendJson(exchange, done.value.outcome === 'recorded' ? 201 : 200, {
        narHash,
        narSize,
      });
    }
    const { error } = done;
    const told = isPacking(error) ? packingRefusal(error) : ingestRefusal(error);
    sendProblem(exchange, ...told);
  }

  private async narinfo(
    exchange: Exchange,
    { slug, hashPart }: Extract<PushTarget, { kind: 'narinfo' }>,
    { token }: TokenGrant,
  ): Promise<void> {
    const { substitutes, nars } = this.parts;
    const dir = await substitutes.directory(slug);
    if (dir === null) return sendProblem(exchange, unknownStore);
    const body = await wholeBody(exchange, largestNarinfo);
    if (!body) return sendProblem(exchange, tooLarge(`At most ${largestNarinfo} bytes are read.`));
    const push = pushOf({ slug, dir, hashPart }, body.toString('utf8'));
    if (!push.ok) return sendProblem(exchange, unprocessable('bad-narinfo', push.error));
    const { offer, file } = push.value;
    const named = { offer, token, name: file.name };
    const done = await pushPath({ substitutes, nars, contentAddressHolds }, named);
    if (!done.ok) return sendProblem(exchange, ...offerRefusal(done.error));
    sendJson(exchange, done.value === 'offer' ? 201 : 200, { path: offer.path });
  }

  private async listing(exchange: Exchange): Promise<void> {
    let size = 0;
    for await (const piece of bodyOf(exchange)) {
      size += piece.length;
      if (size > largestListing) {
        return sendProblem(exchange, tooLarge(`At most ${largestListing} bytes are read.`));
      }
    }
    sendJson(exchange, 200, { kept: false });
  }

  private async log(
    exchange: Exchange,
    { slug, derivation }: Extract<PushTarget, { kind: 'log' }>,
  ): Promise<void> {
    const { logs, pushedLogs, largestLog } = this.parts;
    const key = await pushedLogs.reserve();
    const hash = createHash('sha256');
    let size = 0;
    let whole = false;
    try {
      for await (const piece of bodyOf(exchange)) {
        if (size + piece.length > largestLog) {
          return sendProblem(exchange, tooLarge(`A log may have ${largestLog} bytes.`));
        }
        size = await logs.append(key, size, piece);
        hash.update(piece);
      }
      await logs.seal(key);
      await pushedLogs.record({ slug, derivation, key, hash: hash.digest('hex'), size });
      whole = true;
    } finally {
      if (!whole) await pushedLogs.abandon(key);
    }
    sendJson(exchange, 201, { derivation, size });
  }
}

const notEncoded = {
  status: 415,
  kind: 'unsupported-media-type',
  detail: 'A Content-Encoding is not read: send the bytes as they are.',
};

const packingKinds = ['unknown-packing', 'packing-not-read', 'not-unpacked'] as const;

function isPacking<T extends { readonly kind: string }>(
  refusal: T,
): refusal is Extract<T, { kind: (typeof packingKinds)[number] }> {
  return (packingKinds as readonly string[]).includes(refusal.kind);
}

function fileOf(target: Extract<PushTarget, { kind: 'nar' | 'pushed-nar' }>): PushedFile {
  if (target.kind === 'pushed-nar') return target.file;
  return parsePushedFile(target.file)!;
}
