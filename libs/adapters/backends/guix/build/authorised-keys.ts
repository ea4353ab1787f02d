/**
 * Whose substitutes this machine's daemon takes: the keys in /etc/guix/acl, put there by `guix
 * archive --authorize`. It is looked at and told of, and never changed here: whom a machine trusts
 * is for the one who runs it to say.
 */
import { readFile } from 'node:fs/promises';
import { guixPublicKeyOf, parseGuixPublicKey } from '#formats/guix-signature-keys.js';
import { toHex } from '#formats/hash.js';
import { atom, isList, member, nameOf, parseSexp } from '#formats/sexp.js';
import { sentenceOf } from '#std/farm-fault.js';

/** Where `guix archive --authorize` writes. */
export const usualAccessList = '/etc/guix/acl';

export type AccessList =
  | { readonly kind: 'keys'; readonly keys: ReadonlySet<string> }
  | { readonly kind: 'unreadable'; readonly why: string };

const answerMilliseconds = 10_000;
const longestKey = 64 * 1024;

/** The points of the keys, in hexadecimal. Keys of other kinds are passed over. */
export async function readAccessList(file: string): Promise<AccessList> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    return { kind: 'unreadable', why: sentenceOf(thrown) };
  }
  const parsed = parseSexp(atom(text));
  if (!parsed.ok || nameOf(parsed.value) !== 'acl' || !isList(parsed.value)) {
    return { kind: 'unreadable', why: `${file} is no access list` };
  }
  const keys = parsed.value.flatMap((entry) => {
    const key = nameOf(entry) === 'entry' ? member(entry, 'public-key') : undefined;
    const point = key && guixPublicKeyOf(key);
    return point?.ok ? [toHex(point.value.q)] : [];
  });
  return { kind: 'keys', keys: new Set(keys) };
}

/** The text of a server's public key; null when it has none to show. */
export async function keyOfServer(url: string): Promise<string | null> {
  try {
    const address = `${url.replace(/\/+$/, '')}/signing-key.pub`;
    const answer = await fetch(address, { signal: AbortSignal.timeout(answerMilliseconds) });
    const text = answer.ok ? await answer.text() : '';
    return text.length < longestKey && parseGuixPublicKey(text).ok ? text : null;
  } catch {
    return null;
  }
}

/** Null where that cannot be said. */
export function isAuthorised(list: AccessList, keyText: string): boolean | null {
  const key = parseGuixPublicKey(keyText);
  if (list.kind === 'unreadable' || !key.ok) return null;
  return list.keys.has(toHex(key.value.q));
}

/** Why the daemon may have passed over a server's substitutes; empty when it did not. */
export async function adviceOnKeys(where: {
  readonly urls: readonly string[];
  readonly accessList: string;
}): Promise<string> {
  const list = await readAccessList(where.accessList);
  if (list.kind === 'unreadable') return `The access list cannot be read: ${list.why}.`;
  const lines: string[] = [];
  for (const url of where.urls) {
    const key = await keyOfServer(url);
    if (key !== null && isAuthorised(list, key) === false) lines.push(sentenceOnKey(url));
  }
  return lines.join('\n');
}

export function sentenceOnKey(url: string): string {
  const fetched = `wget -qO- ${url}/signing-key.pub | sudo guix archive --authorize`;
  return `The key of ${url} is not authorised on this machine: ${fetched}`;
}
