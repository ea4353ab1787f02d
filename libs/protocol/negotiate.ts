/** Which version of the worker's protocol two sides speak, or how a side is told that none fits. */
import { err, ok, type Result } from '#std/result.js';
import { protocolVersions } from './worker.js';

export interface VersionRefusal {
  readonly code: 'protocol-too-old' | 'protocol-too-new';
  readonly message: string;
}

/** The highest version that both speak. Pure. */
export function negotiate(
  offered: readonly number[],
  spoken: readonly number[] = protocolVersions,
): Result<number, VersionRefusal> {
  const shared = spoken.filter((version) => offered.includes(version));
  if (shared.length > 0) return ok(Math.max(...shared));
  const ours = `This farm speaks ${listed(spoken)} of the worker protocol`;
  const theirs = `the worker agent speaks ${listed(offered)}`;
  const tooNew = Math.min(...offered) > Math.max(...spoken);
  return tooNew
    ? err({ code: 'protocol-too-new', message: `${ours}, ${theirs}: upgrade the farm first.` })
    : err({ code: 'protocol-too-old', message: `${ours}, ${theirs}: upgrade the worker agent.` });
}

/**
 * The versions that an unreadable `hello` offers, so that an agent of another age is told about its
 * age and not about its grammar; null for anything else.
 */
export function offeredVersions(message: unknown): readonly number[] | null {
  const { type, protocol } = (message ?? {}) as { type?: unknown; protocol?: unknown };
  if (type !== 'hello' || !Array.isArray(protocol)) return null;
  const versions = protocol.filter((one): one is number => Number.isSafeInteger(one) && one > 0);
  return versions.length > 0 && versions.length <= 100 ? versions : null;
}

function listed(versions: readonly number[]): string {
  const sorted = [...versions].sort((a, b) => a - b);
  return `${sorted.length === 1 ? 'version' : 'versions'} ${sorted.join(', ')}`;
}
