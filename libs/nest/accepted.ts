/**
 * The headers Accept and Accept-Encoding (RFC 9110, sections 12.4.2 to 12.5.3): which of what we
 * could send the client takes. Nothing said, or nothing that can be read, is everything taken.
 */
export type AcceptHeader = string | readonly string[] | undefined;

interface Accepted {
  readonly name: string;
  /** From 0, which refuses it, to 1. */
  readonly quality: number;
}

/** Longer ones are told by nobody who means them. */
const partsAtMost = 100;

/** Whether one of these media types, told without parameters, fits. */
export function takesType(header: AcceptHeader, types: readonly string[]): boolean {
  // Of old clients, which mean every type.
  const ranges = acceptedIn(header)
    .map((one) => (one.name === '*' ? { ...one, name: '*/*' } : one))
    .filter(({ name }) => /^[^\s/]+\/[^\s/]+$/.test(name));
  if (ranges.length === 0) return true;
  return types.some((type) => {
    const [kind = ''] = type.split('/');
    const names = [type, `${kind}/*`, '*/*'];
    return (names.map((name) => qualityOf(ranges, name)).find((one) => one !== null) ?? 0) > 0;
  });
}

/** Whoever says nothing may not be able to unpack it; `gzip;q=0` goes before what `*` says. */
export function takesGzip(header: AcceptHeader): boolean {
  const codings = acceptedIn(header);
  const quality = (name: string): number | null => qualityOf(codings, name);
  const packed = quality('gzip') ?? quality('x-gzip') ?? quality('*') ?? 0;
  return packed > 0 && packed >= (quality('identity') ?? 0);
}

function acceptedIn(header: AcceptHeader): Accepted[] {
  const text = [header ?? []].flat().join(',').toLowerCase();
  return text.split(',', partsAtMost).flatMap((part) => {
    const [name = '', ...rest] = part.split(';').map((word) => word.trim());
    return name === '' ? [] : [{ name, quality: weightIn(rest) }];
  });
}

/** A weight that cannot be read refuses nothing. */
function weightIn(parameters: readonly string[]): number {
  const told = parameters.find((one) => /^q\s*=/.test(one))?.replace(/^q\s*=\s*/, '') ?? '';
  return /^(0?\.\d+|[01](\.\d*)?)$/.test(told) ? Math.min(1, Number(told)) : 1;
}

/** The best of those that name it; null when none does. */
function qualityOf(all: readonly Accepted[], name: string): number | null {
  const own = all.filter((one) => one.name === name).map(({ quality }) => quality);
  return own.length === 0 ? null : Math.max(...own);
}
