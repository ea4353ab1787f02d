/**
 * What each refusal of a use case looks like over HTTP: status, kind, and what the client may act
 * on.
 */
import type { IngestRefusal } from '#application/ingest-nar.js';
import type { PackingRefusal } from '#application/ports/pushed-nar.js';
import type { PathRefusal } from '#application/offer-path.js';
import type { StorePackRefusal } from '#application/store-pack.js';
import type { Refusal } from '#nest/problem.js';
import { leaseLapsed, tokenEnded, unknownStore } from './credential.js';

/** The problem, and the members of its own. */
export type Told = [Refusal, Record<string, unknown>?];

export function ingestRefusal(refusal: IngestRefusal): Told {
  switch (refusal.kind) {
    case 'unknown-store':
      return [unknownStore];
    case 'lease-lapsed':
      return [leaseLapsed];
    case 'token-ended':
      return [tokenEnded];
    case 'too-large':
      return [tooLarge(`The nar unfolds to more than ${refusal.limit} bytes.`)];
    case 'not-zstd':
      return [unprocessable('not-zstd', `The body is not zstd: ${refusal.detail}.`)];
    case 'not-a-nar':
      return [
        unprocessable('not-a-nar', `Not a nar: ${refusal.detail} at byte ${refusal.offset}.`),
      ];
    case 'hash-mismatch':
      return hashMismatch(refusal);
  }
}

/** Of a nar that was pushed in a packing of its sender's choice. */
export function packingRefusal(refusal: Exclude<PackingRefusal, { kind: 'too-large' }>): Told {
  const advice = 'Send it with ?compression=zstd in the address that is copied to.';
  switch (refusal.kind) {
    case 'unknown-packing':
      return [
        unprocessable(refusal.kind, `The nar is packed in a way that is not read. ${advice}`),
      ];
    case 'packing-not-read': {
      const detail = `This farm has no program that unpacks ${refusal.packing}. ${advice}`;
      return [{ status: 415, kind: refusal.kind, detail }];
    }
    case 'not-unpacked': {
      const { packing, detail } = refusal;
      return [unprocessable(refusal.kind, `The nar is not whole ${packing}: ${detail}.`)];
    }
  }
}

export function offerRefusal(refusal: PathRefusal): Told {
  switch (refusal.kind) {
    case 'unknown-store':
      return [unknownStore];
    case 'lease-lapsed':
      return [leaseLapsed];
    case 'token-ended':
      return [tokenEnded];
    case 'wrong-content-address':
      return [unprocessable(refusal.kind, 'The content address does not give this path.')];
    case 'not-uploaded':
      return [conflict(refusal.kind, 'No nar was uploaded for this path.')];
    case 'other-bytes-uploaded':
      return [
        conflict(refusal.kind, 'The nar that was uploaded for this path is another one.'),
        { ...refusal.uploaded },
      ];
    case 'other-bytes-offered':
      return [
        conflict(refusal.kind, 'This path is offered with other bytes.'),
        { ...refusal.offered },
      ];
    case 'references-missing':
      return [
        conflict(refusal.kind, `Not offered yet: ${refusal.missing.slice(0, 10).join(', ')}.`),
        { missing: refusal.missing },
      ];
  }
}

export function packRefusal(refusal: StorePackRefusal): Told {
  switch (refusal.kind) {
    case 'unknown-store':
      return [unknownStore];
    case 'too-large':
      return [tooLarge(`The pack unfolds to more than ${refusal.limit} bytes.`)];
    case 'not-zstd':
      return [unprocessable('not-zstd', 'The body is not zstd.')];
    case 'malformed-pack':
      return [unprocessable('malformed-pack', `Not a derivation pack: ${refusal.detail}.`)];
    case 'not-a-derivation':
      return [unprocessable('not-a-derivation', `${refusal.name}: ${refusal.detail}.`)];
    case 'hash-mismatch':
      return hashMismatch(refusal);
  }
}

function hashMismatch(hashes: { readonly expected: string; readonly actual: string }): Told {
  const { expected, actual } = hashes;
  const detail = `The bytes have the hash ${actual}, not ${expected}.`;
  return [unprocessable('hash-mismatch', detail), { expected, actual }];
}

function conflict(kind: string, detail: string): Refusal {
  return { status: 409, kind, detail };
}

export function unprocessable(kind: string, detail: string): Refusal {
  return { status: 422, kind, detail };
}

export function tooLarge(detail: string): Refusal {
  return { status: 413, kind: 'too-large', detail };
}
