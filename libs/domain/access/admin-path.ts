/**
 * Whether a request is for /admin. A proxy before the farm decides by its own reading of the
 * address who may pass, so an address that two readers could read differently is neither: it is
 * ambiguous, and refused. `target` is the request target as it came, before anybody decoded it.
 */
export type AdminPath = 'admin' | 'elsewhere' | 'ambiguous';

export function adminPathOf(target: string): AdminPath {
  const path = target.split('?', 1)[0] ?? '';
  if (!couldBeAdmin(path)) return 'elsewhere';
  return isCanonical(path) ? 'admin' : 'ambiguous';
}

/** As the most lenient of readers would read it: decoded more often than anybody does. */
function couldBeAdmin(path: string): boolean {
  let read = path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/\\]*/i, '');
  for (let round = 0; round < 4; round += 1) {
    if (firstSegments(read).includes('admin')) return true;
    read = read.replace(encoded, (_, byte: string) => characterOf(byte));
  }
  return false;
}

/**
 * What may be taken for the first segment: the one at the front, or any where `..` may lead to it.
 * What follows `;`, `#` or a NUL may be cut off, and letters may count as one case.
 */
function firstSegments(path: string): string[] {
  const segments = path
    .toLowerCase()
    .replaceAll('\\', '/')
    .split('/')
    .map((segment) => segment.replace(/[;#?\0].*$/s, '').replace(/^[\0- ]+|[\0- .]+$/g, ''));
  const meant = segments.filter((segment) => segment !== '');
  return path.includes('..') ? meant : meant.slice(0, 1);
}

/** `/admin`, and below it segments of which no reader makes anything else. */
function isCanonical(path: string): boolean {
  if (!/^\/admin(\/[^/]+)*\/?$/.test(path)) return false;
  return path
    .split('/')
    .slice(2)
    .map(withoutHarmless)
    .every((segment) => segment === '' || /^(?!\.{1,2}$)[\w.~!$&'()*+,=:@-]+$/.test(segment));
}

const encoded = /%([0-9a-f]{2})/gi;

/** What may only stand encoded is one character like another; all else stays as it is spelt. */
function withoutHarmless(segment: string): string {
  return segment.replace(encoded, (whole, byte: string) =>
    /[\0-\x1f\x7fA-Za-z0-9._~/\\;%?#-]/.test(characterOf(byte)) ? whole : '_',
  );
}

function characterOf(byte: string): string {
  return String.fromCharCode(Number.parseInt(byte, 16));
}
