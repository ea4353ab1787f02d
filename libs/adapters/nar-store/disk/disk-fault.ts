/**
 * What a failing disk says, as a FarmFault: a full disk may have room later, the rest needs people.
 */
import { FarmFault } from '#std/farm-fault.js';

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export function isMissing(thrown: unknown): boolean {
  return codeOf(thrown) === 'ENOENT';
}

export function diskFault(path: string, cause: unknown): FarmFault {
  if (cause instanceof FarmFault) return cause;
  const code = codeOf(cause);
  return fullCodes.has(code)
    ? new FarmFault('disk-full', 'the disk of the nar store is full', 'later', { cause })
    : new FarmFault('file-unreadable', `the nar store failed at ${path}: ${code}`, 'later', {
        cause,
      });
}

function codeOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error';
}
