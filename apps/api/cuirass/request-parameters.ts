/**
 * What stands after the `?`, by Cuirass's rules: a part counts that has exactly one `=`, the last
 * of equal keys wins, and a number that is none is as good as absent. Unlike there every value is
 * percent-decoded, and a `+` is itself.
 */
import type { FastifyRequest } from 'fastify';

export class RequestParameters {
  private readonly values = new Map<string, string>();

  constructor(request: Pick<FastifyRequest, 'url'>) {
    const mark = request.url.indexOf('?');
    if (mark < 0) return;
    for (const part of request.url.slice(mark + 1).split('&')) {
      const [key = '', value, ...more] = part.split('=');
      if (value !== undefined && more.length === 0) this.values.set(decoded(key), value);
    }
  }

  text(key: string): string | undefined {
    const value = this.values.get(key);
    return value === undefined ? undefined : decoded(value);
  }

  /** Separated by commas; one that is encoded (`%2C`) belongs to a name. */
  list(key: string): string[] | undefined {
    return this.values.get(key)?.split(',').map(decoded);
  }

  number(key: string): number | undefined {
    return wholeNumber(this.values.get(key) ?? '') ?? undefined;
  }
}

/** Null for what is no number; also for one that no id and no count can be. */
export function wholeNumber(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** A NUL is in no name of ours, and Postgres takes none. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text).replaceAll('\0', '');
  } catch {
    return text;
  }
}
