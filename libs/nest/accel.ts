/**
 * nginx sends a file itself when the answer names it (X-Accel-Redirect), and the app still sees
 * each request. That takes two to agree. The setting says where nginx has the nar store; the
 * request says that it came through an nginx which knows of it, since workers come to the same port
 * directly.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** What deploy/nginx sends with every request. */
const capable = 'x-gambeson-accel';

/** Where the bytes lie as files, if they do. */
export interface FilePlaces<Key> {
  /** Below the nar store's directory, without a leading slash. */
  placeOf?(key: Key): string;
}

export class Accel<Key> {
  constructor(
    private readonly prefix: string | undefined,
    private readonly places: FilePlaces<Key>,
  ) {}

  /** The header that hands the file over; null when the app has to send it. */
  headerFor(asked: IncomingHttpHeaders, key: Key): Record<string, string> | null {
    if (this.prefix === undefined || asked[capable] !== '1') return null;
    const place = this.places.placeOf?.(key);
    return place === undefined ? null : { 'X-Accel-Redirect': `${this.prefix}/${place}` };
  }
}
