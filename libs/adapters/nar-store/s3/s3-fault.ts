/** What an S3 server says when it does not do what it was asked, as a FarmFault. */
import { FarmFault } from '#std/farm-fault.js';

interface S3Error {
  readonly name?: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export function statusOf(thrown: unknown): number {
  return (thrown as S3Error | null)?.$metadata?.httpStatusCode ?? 0;
}

export function isMissingKey(thrown: unknown): boolean {
  return statusOf(thrown) === 404 && nameOf(thrown) !== 'NoSuchBucket';
}

const fullNames = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage']);
/** What only people can mend. */
const refusedNames = new Set([
  'AccessDenied',
  'Forbidden',
  'InvalidAccessKeyId',
  'NoSuchBucket',
  'PermanentRedirect',
  'SignatureDoesNotMatch',
]);

/** `place` is the bucket and key, never a credential. */
export function s3Fault(place: string, cause: unknown): FarmFault {
  if (cause instanceof FarmFault) return cause;
  const name = nameOf(cause);
  const status = statusOf(cause);
  if (fullNames.has(name) || status === 507) {
    return new FarmFault('disk-full', 'the bucket of the nar store is full', 'later', { cause });
  }
  if (refusedNames.has(name) || status === 401 || status === 403) {
    return new FarmFault('misconfigured', `${place} refuses us: ${name}`, 'later', { cause });
  }
  return new FarmFault('file-unreadable', `${place} failed: ${name}`, 'later', { cause });
}

function nameOf(thrown: unknown): string {
  const { name, code } = (thrown ?? {}) as S3Error;
  // Connections fail with a code, and a name that says nothing.
  if (code !== undefined && (name === undefined || /^(Error|AggregateError)$/.test(name))) {
    return code;
  }
  return name ?? 'unknown error';
}
