/**
 * Whether two addresses mean the same repository, whatever the way to it: `git@HOST:A/B`,
 * `ssh://git@HOST:2222/A/B.git` and `https://HOST/a/b/` do. Forges take owners and names in capital
 * and small letters alike.
 */
import type { Forge } from './forge.js';

interface Place {
  readonly web: boolean;
  readonly host: string;
  /** Empty: that of the scheme. */
  readonly port: string;
  /** Without slashes at its ends and without `.git`, in small letters. */
  readonly path: string;
}

const usualPorts: Readonly<Record<string, string>> = {
  http: '80',
  https: '443',
  ssh: '22',
  git: '9418',
};
const written =
  /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#\\]*@)?(\[[\da-f:.]*\]|[\w.-]*)(?::(\d*))?(?:\/([^?#]*))?$/i;
/** As scp takes it: `git@host:owner/name`. */
const short = /^(?:[^@/:\s]+@)?([^@/:\s]+):(?!\/\/)([^?#]+)$/;

/** False also when one of them is no address. */
export function sameRepository(one: string, other: string): boolean {
  const [a, b] = [placeOf(one), placeOf(other)];
  if (!a || !b || a.path === '' || a.host !== b.host || a.path !== b.path) return false;
  // A port of ssh says nothing about one of the web.
  return a.web !== b.web || a.port === b.port;
}

/** OWNER/NAME (or deeper, on GitLab) of a repository of this forge; null: it lies elsewhere. */
export function repositoryOn(forge: Pick<Forge, 'address'>, address: string): string | null {
  const [home, place] = [placeOf(forge.address), placeOf(address)];
  if (!home || !place || home.host !== place.host) return null;
  if (place.web && home.port !== place.port) return null;
  // Below a prefix the web has it, and ssh does not.
  const prefix = home.path === '' ? '' : `${home.path}/`;
  const path = place.path.startsWith(prefix) ? place.path.slice(prefix.length) : place.path;
  if (place.web && path.length + prefix.length !== place.path.length) return null;
  return path.includes('/') ? path : null;
}

function placeOf(address: string): Place | null {
  const full = written.exec(address.trim());
  if (full) {
    const [, scheme = '', host = '', port = '', path = ''] = full;
    const lower = scheme.toLowerCase();
    return {
      web: lower === 'http' || lower === 'https',
      host: host.toLowerCase(),
      port: port === usualPorts[lower] ? '' : port,
      path: pathOf(path),
    };
  }
  const [, host, path] = short.exec(address.trim()) ?? [];
  if (host === undefined || path === undefined) return null;
  return { web: false, host: host.toLowerCase(), port: '', path: pathOf(path) };
}

function pathOf(path: string): string {
  const bare = path.replace(/^\/+|\/+$/g, '').replace(/\.git$/i, '');
  return bare.toLowerCase();
}
