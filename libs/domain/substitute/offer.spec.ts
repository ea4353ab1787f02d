import { describe, expect, it } from '@jest/globals';
import { decideOffer, type Offer, type OfferFacts } from './offer.js';

const nar = { narHash: 'sha256:one', narSize: 10 };
const other = { narHash: 'sha256:two', narSize: 10 };
const offer: Offer = {
  slug: 'nix',
  path: 'self',
  references: ['b', 'self', 'a'],
  deriver: null,
  ca: null,
  signatures: [],
  ...nar,
};
const facts: OfferFacts = { offered: null, uploaded: nar, present: new Set(['a', 'b']) };

describe('an offer', () => {
  it('stands when its nar is here and every reference but itself is offered', () => {
    expect(decideOffer(offer, facts)).toEqual({ ok: true, value: 'offer' });
  });

  it('names the references that are missing, ascending', () => {
    const refused = decideOffer(offer, { ...facts, present: new Set() });
    expect(refused).toEqual({
      ok: false,
      error: { kind: 'references-missing', missing: ['a', 'b'] },
    });
  });

  it('of what is offered already is known, even when the upload is gone', () => {
    const again = { ...facts, offered: nar, uploaded: null };
    expect(decideOffer(offer, again)).toEqual({ ok: true, value: 'known' });
  });

  it('never replaces offered bytes with others', () => {
    const taken = { ...facts, offered: other };
    expect(decideOffer(offer, taken)).toEqual({
      ok: false,
      error: { kind: 'other-bytes-offered', offered: other },
    });
  });

  it('is refused without its nar, or with another nar or another size', () => {
    const refusals = [null, other, { ...nar, narSize: 11 }].map((uploaded) => {
      const decided = decideOffer(offer, { ...facts, uploaded });
      return decided.ok ? 'ok' : decided.error.kind;
    });
    expect(refusals).toEqual(['not-uploaded', 'other-bytes-uploaded', 'other-bytes-uploaded']);
  });
});
