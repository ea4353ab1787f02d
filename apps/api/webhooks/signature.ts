/**
 * Whether a forge said what has arrived, by the bytes as they came and in constant time. GitHub,
 * Gitea and Forgejo sign with HMAC-SHA256; GitLab shows a token, or signs as Standard Webhooks have
 * it. Any of several secrets is good, so that they can be changed without a gap.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { sameSecret } from '#adapters/system/secret.js';
import type { ForgeKind } from '#domain/forge/forge.js';
import { headerOf, type Headers } from './delivery-headers.js';

export interface Signed {
  readonly headers: Headers;
  readonly body: Buffer;
  readonly secrets: readonly string[];
  /** Milliseconds since 1970: signatures with a time are good for some minutes. */
  readonly now: number;
}

/** Headers one of which every signed delivery has. */
export const signatureHeaders = [
  'x-hub-signature-256',
  'x-gitea-signature',
  'x-forgejo-signature',
  'x-gitlab-token',
  'webhook-signature',
];

const secondsApart = 300;
/** What GitLab makes for signing alone; it is never sent. */
const signingPrefix = 'whsec_';

/** Null: it is from the forge. Else why it cannot be believed, for people. */
export function doubtOf(kind: ForgeKind, signed: Signed): string | null {
  switch (kind) {
    case 'github':
      return doubtOfHmac(signed, headerOf(signed.headers, 'x-hub-signature-256'), 'sha256=');
    case 'gitea':
      return doubtOfHmac(signed, headerOf(signed.headers, 'x-gitea-signature'), '');
    case 'forgejo': {
      const own = headerOf(signed.headers, 'x-forgejo-signature');
      return doubtOfHmac(signed, own ?? headerOf(signed.headers, 'x-gitea-signature'), '');
    }
    case 'gitlab':
      return headerOf(signed.headers, 'webhook-signature') === null
        ? doubtOfToken(signed)
        : doubtOfStandard(signed);
  }
}

function doubtOfHmac(signed: Signed, told: string | null, prefix: string): string | null {
  if (told === null) return 'it is not signed';
  const hex = told.startsWith(prefix) ? told.slice(prefix.length) : '';
  if (!/^[0-9a-f]{64}$/i.test(hex)) return 'its signature is malformed';
  const given = Buffer.from(hex, 'hex');
  const keys = signed.secrets.map((secret) => Buffer.from(secret));
  return isSignedBy(keys, [signed.body], [given]) ? null : wrong;
}

const wrong = 'it is signed with another secret';

function doubtOfToken({ headers, secrets }: Signed): string | null {
  const told = headerOf(headers, 'x-gitlab-token');
  if (told === null) return 'it shows no token';
  const shown = secrets.filter((secret) => !secret.startsWith(signingPrefix));
  const good = shown.map((secret) => sameSecret(told, secret));
  return good.includes(true) ? null : 'it shows another token';
}

function doubtOfStandard({ headers, body, secrets, now }: Signed): string | null {
  const id = headerOf(headers, 'webhook-id') ?? '';
  const time = headerOf(headers, 'webhook-timestamp') ?? '';
  if (id === '' || !/^\d{1,12}$/.test(time)) return 'its signature has no id or no time';
  if (Math.abs(now / 1000 - Number(time)) > secondsApart) return 'its signature is too old';
  const given = (headerOf(headers, 'webhook-signature') ?? '')
    .split(' ')
    .filter((one) => one.startsWith('v1,'))
    .map((one) => Buffer.from(one.slice(3), 'base64'));
  const keys = secrets
    .filter((secret) => secret.startsWith(signingPrefix))
    .map((secret) => Buffer.from(secret.slice(signingPrefix.length), 'base64'));
  return isSignedBy(keys, [`${id}.${time}.`, body], given) ? null : wrong;
}

/** Every key is tried, so that how long it takes does not say which is near. */
function isSignedBy(
  keys: readonly Buffer[],
  parts: readonly (string | Buffer)[],
  given: readonly Buffer[],
): boolean {
  const good = keys.flatMap((key) => {
    const hmac = createHmac('sha256', key);
    for (const part of parts) hmac.update(part);
    const expected = hmac.digest();
    return given.map((one) => one.length === expected.length && timingSafeEqual(one, expected));
  });
  return good.includes(true);
}
