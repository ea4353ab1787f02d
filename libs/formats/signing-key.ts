/**
 * A farm's signing key of either world, told apart by its text, and what is wrong with a file that
 * holds none, said so that its owner finds the place.
 */
import { err, ok, type Result } from '#std/result.js';
import {
  formatGuixPublicKey,
  formatGuixSecretKey,
  parseGuixSecretKey,
  type GuixKeyError,
  type GuixSecretKey,
} from './guix-signature.js';
import {
  formatNixPublicKey,
  formatNixSecretKey,
  parseNixSecretKey,
  publicKeyOf,
  type NixKeyError,
  type NixSecretKey,
} from './nix-signature.js';

export type SigningKey =
  | { readonly dialect: 'nix'; readonly key: NixSecretKey }
  | { readonly dialect: 'guix'; readonly key: GuixSecretKey };

/** Where a key file is at fault, and a sentence that never holds anything of its text. */
export interface KeyFault {
  /** Counted from 1. */
  readonly line: number;
  readonly reason: string;
}

export function parseSigningKey(text: string): Result<SigningKey, KeyFault> {
  if (text.trim() === '') return err({ line: 1, reason: 'the file is empty' });
  if (!text.trimStart().startsWith('(')) {
    const nix = parseNixSecretKey(text);
    return nix.ok ? ok({ dialect: 'nix', key: nix.value }) : err(nixFault(nix.error, text));
  }
  const guix = parseGuixSecretKey(text);
  return guix.ok ? ok({ dialect: 'guix', key: guix.value }) : err(guixFault(guix.error, text));
}

/** The text of a key file, with its line end. */
export function formatSigningKey(signing: SigningKey): string {
  return signing.dialect === 'guix'
    ? formatGuixSecretKey(signing.key)
    : `${formatNixSecretKey(signing.key)}\n`;
}

/** What clients trust: an s-expression for Guix, `NAME:BASE64` for Nix; with its line end. */
export function formatSigningPublicKey(signing: SigningKey): string {
  return signing.dialect === 'guix'
    ? formatGuixPublicKey(signing.key.publicKey)
    : `${formatNixPublicKey(publicKeyOf(signing.key))}\n`;
}

function nixFault({ kind }: NixKeyError, text: string): KeyFault {
  const line = lineOf(text, text.length - text.trimStart().length);
  switch (kind) {
    case 'bad-key-name':
      return { line, reason: 'no name and colon stand before the key, as in farm.example.org-1:…' };
    case 'bad-key':
      return {
        line,
        reason: 'what follows the colon is not base 64 of the 64 bytes of a secret key',
      };
    case 'mismatched-halves':
      return { line, reason: 'the public half does not belong to the secret half' };
  }
}

const sexpReasons: Readonly<Record<string, string>> = {
  empty: 'nothing is there',
  unclosed: 'the text ends within a list',
  unopened: 'a list is closed that was not opened',
  trailing: 'something follows the key',
  'bad-character': 'a character that no s-expression has',
  'bad-length': 'a length that does not fit what follows',
  'bad-hexadecimal': 'digits between # and # that are not hexadecimal pairs',
  'bad-string': 'a string that does not end, or a wrong escape in it',
  'too-deep': 'lists within lists without end',
  'too-many': 'more atoms and lists than a key has',
  'too-long': 'the text is too long for a key',
};

function guixFault(error: GuixKeyError, text: string): KeyFault {
  const at = (word: string): number => lineOf(text, Math.max(0, text.search(`\\(\\s*${word}\\b`)));
  switch (error.kind) {
    case 'not-a-key':
      return text.includes('public-key')
        ? { line: 1, reason: 'it is a public key; the secret one is in signing-key.sec' }
        : { line: 1, reason: 'it is not an s-expression that begins with private-key' };
    case 'unsupported-key':
      return { line: lineOf(text, text.indexOf('(', 1)), reason: algorithmReason(error.algorithm) };
    case 'unsupported-curve':
      return { line: at('curve'), reason: 'the curve is not Ed25519' };
    case 'bad-point':
      return { line: at('q'), reason: 'q is not a point of the curve' };
    case 'bad-secret':
      return { line: at('d'), reason: 'd is missing, or not a number of at most 32 bytes' };
    case 'mismatched-halves':
      return { line: at('d'), reason: 'd does not belong to q' };
    default:
      return { line: lineOf(text, error.offset), reason: sexpReasons[error.kind] ?? error.kind };
  }
}

function algorithmReason(algorithm: string): string {
  return algorithm === 'rsa'
    ? 'it is a key of RSA, as Guix made them before 2014; make a new one'
    : 'it is neither an ecc key nor anything else that Guix makes';
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
