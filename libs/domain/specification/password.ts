/** A channel's address may hold a password; reading a specification needs no credential. */
import type { Specification } from './specification.js';

const hidden = '***';
const userinfo = /^([a-z]+:\/\/[^/@:]*):[^/]*@/i;

/** The address as anybody may see it. */
export function withoutPassword(url: string): string {
  return url.replace(userinfo, `$1:${hidden}@`);
}

export function withoutPasswords(specification: Specification): Specification {
  const channels = specification.channels.map((c) => ({ ...c, url: withoutPassword(c.url) }));
  return { ...specification, channels };
}

/**
 * A document that was read, edited and sent back holds `***` where the password was: the one that
 * stands is put in its place. Null when none stands there.
 */
export function restorePassword(url: string, standing: readonly string[]): string | null {
  if (userinfo.exec(url) === null || withoutPassword(url) !== url) return url;
  return standing.find((known) => known !== url && withoutPassword(known) === url) ?? null;
}
