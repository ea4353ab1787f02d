/** Which methods each address takes, learnt as the routes are made: for Allow and 405. */
import type { FastifyInstance } from 'fastify';

interface Known {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

export class RouteTable {
  private readonly known = new Map<string, Known>();

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ url, method }) => {
      for (const one of [method].flat()) this.add(url, one);
    });
  }

  /** Sorted, with OPTIONS; null where no route has this path, or only one that takes every path. */
  methodsOf(path: string): readonly string[] | null {
    const found = [...this.known.values()].filter(({ pattern }) => pattern.test(path));
    if (found.length === 0) return null;
    const methods = new Set(found.flatMap((one) => [...one.methods]));
    return [...methods, 'OPTIONS'].sort();
  }

  private add(url: string, method: string): void {
    if (url.includes('*')) return;
    const known = this.known.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    known.methods.add(method);
    this.known.set(url, known);
  }
}

/** `/api/v1/builds/:id` as an expression, with or without a slash behind it. */
function patternOf(url: string): RegExp {
  const text = url
    .replace(/\/$/, '')
    .split(/(:[A-Za-z]+)/)
    .map((part) =>
      part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${text}/?$`);
}
