/**
 * What an address of the dashboard, of the API or of Cuirass's own pages names, so that one can be
 * pasted wherever a command takes a name or an id.
 */
export interface Pasted {
  /** Where the farm is: what stands before the path of the page. */
  readonly base: string;
  readonly named: Named;
}

export type Kind = 'evaluation' | 'build' | 'specification' | 'worker' | 'commit';

export interface Named {
  readonly kind: Kind;
  /** The id, the name or the revision. */
  readonly value: string;
  /** Of a build: the attempt that the address shows. */
  readonly attempt?: string;
}

const rooms: Readonly<Record<string, Kind>> = {
  ...{ evaluations: 'evaluation', eval: 'evaluation' },
  ...{ builds: 'build', build: 'build' },
  ...{ specifications: 'specification', jobset: 'specification' },
  ...{ workers: 'worker', machine: 'worker', commits: 'commit' },
};

const words = Object.keys(rooms).join('|');
const shape = new RegExp(`^(.*?)(?:/api/v1|/admin)?/(${words})/([^/]+)(?:/.*)?$`);

/** Null when the text is no address; the base alone is none of a thing. */
export function readAddress(text: string): Pasted | null {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const match = shape.exec(url.pathname);
  if (!match) return null;
  const [, before = '', room = '', last = ''] = match;
  const base = `${url.origin}${before}`;
  const kind = rooms[room]!;
  const specification = url.searchParams.get('spec');
  if (kind === 'evaluation' && last === 'latest' && specification !== null) {
    return { base, named: { kind: 'specification', value: specification } };
  }
  const attempt = url.searchParams.get('attempt');
  const value = decoded(last);
  if (kind === 'build' && attempt !== null) return { base, named: { kind, value, attempt } };
  return { base, named: { kind, value } };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
