/**
 * The subject of a certificate as RFC 4514 (formerly 2253) writes it: `CN=ada,O=Farm`, the last of
 * its parts first, as nginx tells it in `$ssl_client_s_dn`.
 */

/** One spelling for equal names; null for what is none. */
export function normalName(text: string): string | null {
  const parts = partsOf(text);
  return parts && parts.map((part) => part.map(escaped).sort().join('+')).join(',');
}

/** Or a value could hold what reads like further parts. */
function escaped(one: string): string {
  return one.replace(/[\\,+]/g, '\\$&');
}

/** Two subjects that are not equal may bear one: for people to read, never to decide by. */
export function commonNameOf(text: string): string | null {
  const parts = partsOf(text)?.flat() ?? [];
  return parts.find((part) => part.startsWith('CN='))?.slice(3) ?? null;
}

/** Each part has one pair, seldom several. Values are kept as bytes in hexadecimal are: decoded. */
function partsOf(text: string): string[][] | null {
  const parts: string[][] = [];
  let rest = text;
  let open: string[] = [];
  for (;;) {
    const match = pair.exec(rest);
    if (!match) return null;
    const [whole, type = '', value = '', end = ''] = match;
    open.push(`${type.toUpperCase()}=${plain(value)}`);
    if (end !== '+') parts.push(open);
    if (end !== '+') open = [];
    if (end === '') return parts;
    rest = rest.slice(whole.length);
  }
}

const pair = /^ *([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*) *=((?:\\[\s\S]|[^\\,+])*)(,|\+|$)/;

/** Escaped characters stand for themselves, and escaped bytes make up UTF-8. */
function plain(value: string): string {
  const trimmed = value.replace(/^ +/, '').replace(/((?:^|[^\\])(?:\\\\)*) +$/, '$1');
  const bytes = trimmed.replace(/(?:\\[0-9a-fA-F]{2})+/g, (run) => utf8(run));
  return bytes.replace(/\\([\s\S])/g, '$1');
}

function utf8(run: string): string {
  try {
    return decodeURIComponent(run.replaceAll('\\', '%'));
  } catch {
    return run.replaceAll('\\', '');
  }
}
