/**
 * How a file of a package is handed to a browser: as something to save, never to show. It is
 * anybody's file, and stands at the dashboard's own address.
 */

/** Types that say what a file is and that no browser runs, by the end of its name. */
const types: Readonly<Record<string, string>> = {
  gz: 'application/gzip',
  iso: 'application/x-iso9660-image',
  json: 'application/json',
  log: 'text/plain; charset=utf-8',
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  qcow2: 'application/x-qemu-disk',
  tar: 'application/x-tar',
  txt: 'text/plain; charset=utf-8',
  xz: 'application/x-xz',
  zip: 'application/zip',
  zst: 'application/zstd',
};

export function typeOf(name: string): string {
  const end = /\.([a-z0-9]{1,8})$/.exec(name.toLowerCase())?.[1] ?? '';
  return Object.hasOwn(types, end) ? types[end]! : 'application/octet-stream';
}

/** RFC 6266: the name for everybody, and for those that read UTF-8 (RFC 8187). */
export function dispositionOf(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._+ -]/g, '_');
  if (plain === name) return `attachment; filename="${name}"`;
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
