/** Whom the client trusts, and whether a narinfo was signed by one of them. */
import { readFile } from 'node:fs/promises';
import { parseGuixPublicKey, verifyGuix, type GuixPublicKey } from '#formats/guix-signature.js';
import { toHex } from '#formats/hash.js';
import type { Narinfo } from '#formats/narinfo.js';
import { parseNixPublicKey, verifyNix, type NixPublicKey } from '#formats/nix-signature.js';
import { FarmFault } from '#std/farm-fault.js';
import { BrokenLink } from './links.js';

export interface Trust {
  readonly nix: readonly NixPublicKey[];
  readonly guix: readonly GuixPublicKey[];
}

/**
 * Keys as Nix writes them (`NAME:BASE64`, several on a line or one on each), as s-expressions, or
 * files that hold either. Throws FarmFault `misconfigured`.
 */
export async function trustIn(given: readonly string[]): Promise<Trust> {
  const nix: NixPublicKey[] = [];
  const guix: GuixPublicKey[] = [];
  for (const one of given) {
    const text = isKey(one) ? one : await readKeyFile(one);
    if (text.trimStart().startsWith('(')) guix.push(guixKey(text, one));
    else nix.push(...text.trim().split(/\s+/).map(nixKey));
  }
  return { nix, guix };
}

function isKey(text: string): boolean {
  return text.trimStart().startsWith('(') || /^[^\s:/]+:[A-Za-z0-9+/=]{40,}/.test(text.trim());
}

async function readKeyFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => {
    const kinds = 'a public key (NAME:BASE64, or an s-expression) nor a file that can be read';
    throw new FarmFault('misconfigured', `${path} is neither ${kinds}`, 'never');
  });
}

function guixKey(text: string, given: string): GuixPublicKey {
  const key = parseGuixPublicKey(text);
  if (key.ok) return key.value;
  const reason = `${given.slice(0, 60)} is not a public key of Guix: ${key.error.kind}`;
  throw new FarmFault('misconfigured', reason, 'never');
}

function nixKey(text: string): NixPublicKey {
  const key = parseNixPublicKey(text);
  if (key.ok) return key.value;
  const reason = `${text.slice(0, 60)} is not a public key of Nix: ${key.error.kind}`;
  throw new FarmFault('misconfigured', reason, 'never');
}

/** The name of the key that made it. Throws BrokenLink when none of those did. */
export function signerOf(trust: Trust, signed: { text: string; narinfo: Narinfo }): string {
  return signed.narinfo.guixSignature === undefined
    ? nixSigner(trust, signed.narinfo)
    : guixSigner(trust, signed.text);
}

function guixSigner(trust: Trust, text: string): string {
  const verified = verifyGuix(text, trust.guix);
  if (verified.ok) return `the key ${toHex(verified.value.q).slice(0, 16)}…`;
  const reasons: Readonly<Record<string, string>> = {
    'unknown-key': 'it was made by a key that is not trusted (guix archive --authorize)',
    'other-text': 'it covers another text: what it signs was changed on the way',
    'wrong-signature': 'it is not one of the key that it names',
    'not-covered': 'it does not cover path, hash and references',
  };
  const { kind } = verified.error;
  throw new BrokenLink(`the signature does not hold: ${reasons[kind] ?? kind}`);
}

function nixSigner(trust: Trust, narinfo: Narinfo): string {
  const names = narinfo.signatures.map((signature) => signature.split(':')[0]);
  if (names.length === 0) throw new BrokenLink('the narinfo bears no signature');
  const key = trust.nix.find((candidate) => verifyNix(candidate, narinfo));
  if (key) return key.name;
  const named = trust.nix.find((candidate) => names.includes(candidate.name));
  throw new BrokenLink(
    named
      ? `the signature of ${named.name} does not hold: path, hash, size or references ` +
          'were changed, or another key bears that name'
      : `it is signed by ${names.join(', ')}, and the trusted keys are ${told(trust)}`,
  );
}

function told({ nix }: Trust): string {
  return nix.map(({ name }) => name).join(', ') || 'none';
}
