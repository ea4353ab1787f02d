/**
 * Where people read a commit, or the commits between two, in a browser: by the address that git
 * fetches from. Known are GitHub, GitLab (also one's own, by its name), Codeberg and hosts that say
 * Forgejo or Gitea, cgit at Savannah, and sourcehut. Credentials in an address are left out.
 */
type Kind = 'github' | 'gitlab' | 'forgejo' | 'cgit' | 'sourcehut';

const kinds: readonly (readonly [RegExp, Kind])[] = [
  [/^(www\.)?github\.com$/, 'github'],
  [/(^|\.)gitlab\./, 'gitlab'],
  [/^codeberg\.org$|(^|\.)(forgejo|gitea)\./, 'forgejo'],
  [/^git\.(savannah\.(non)?gnu\.org|guix\.gnu\.org)$/, 'cgit'],
  [/^git\.sr\.ht$/, 'sourcehut'],
];

const commits: Readonly<Record<Kind, (base: string, revision: string) => string>> = {
  github: (base, revision) => `${base}/commit/${revision}`,
  gitlab: (base, revision) => `${base}/-/commit/${revision}`,
  forgejo: (base, revision) => `${base}/commit/${revision}`,
  cgit: (base, revision) => `${base}/commit/?id=${revision}`,
  sourcehut: (base, revision) => `${base}/commit/${revision}`,
};

const ranges: Readonly<Record<Kind, (base: string, from: string, to: string) => string>> = {
  github: (base, from, to) => `${base}/compare/${from}...${to}`,
  gitlab: (base, from, to) => `${base}/-/compare/${from}...${to}`,
  forgejo: (base, from, to) => `${base}/compare/${from}...${to}`,
  cgit: (base, from, to) => `${base}/log/?qt=range&q=${from}..${to}`,
  // It shows no range: the log from the newer one down has both.
  sourcehut: (base, _from, to) => `${base}/log/${to}`,
};

/** Null where nobody can tell how the host shows commits. */
export function commitAddress(url: string, revision: string): string | null {
  const place = placeOf(url);
  return place && isRevision(revision) ? commits[place.kind](place.base, revision) : null;
}

/** What lies after `from` up to `to`; null where nobody can tell how the host shows it. */
export function rangeAddress(url: string, from: string, to: string): string | null {
  const place = placeOf(url);
  if (!place || !isRevision(from) || !isRevision(to)) return null;
  return ranges[place.kind](place.base, from, to);
}

function isRevision(text: string): boolean {
  return /^[0-9a-f]{7,64}$/.test(text);
}

function placeOf(url: string): { kind: Kind; base: string } | null {
  const parts = /^https?:\/\/(?:[^/@]*@)?([\w.-]+(?::\d+)?)\/([\w.~/+-]+?)\/*$/.exec(url);
  const [, host, path] = parts ?? [];
  if (host === undefined || path === undefined || path.split('/').includes('..')) return null;
  const kind = kinds.find(([of]) => of.test(host))?.[1];
  if (kind === undefined) return null;
  if (kind !== 'cgit') return { kind, base: `https://${host}/${path.replace(/\.git$/, '')}` };
  return { kind, base: `https://${host}/cgit/${path.replace(/^git\//, '')}` };
}
