/**
 * Fetches paths from upstreams with all that they refer to, references first, and keeps them: each
 * nar is hashed here, must be what the upstream has signed, and is offered under the farm's own
 * key. A path that several closures need is fetched once.
 */
import { FarmFault } from '#std/farm-fault.js';
import { registrationOrder } from '#domain/evaluation/registration.js';
import type { Upstream } from '#domain/substitute/upstream.js';
import { believedSeconds } from '#domain/substitute/upstream.js';
import { ingestNar, type IngestParts, type IngestRefusal } from './ingest-nar.js';
import type { UpstreamQuestions } from './ask-upstreams.js';
import type { MirrorShelf } from './ports/substitution-store.js';
import type { UpstreamClient } from './ports/upstream-client.js';
import type { Believed, UpstreamStore } from './ports/upstream-store.js';

export interface MirrorParts extends Pick<IngestParts, 'nars' | 'startMeter'> {
  readonly upstreams: Pick<UpstreamStore, 'upstreams' | 'offered' | 'believed'>;
  readonly questions: Pick<UpstreamQuestions, 'present'>;
  readonly client: Pick<UpstreamClient, 'nar'>;
  readonly shelf: MirrorShelf;
}

/** Upstreams do not have it any more, or not as they have signed it. */
export class NotToBeHad extends Error {
  override readonly name = 'NotToBeHad';
}

const fetchesAtOnce = 8;
/** A fetch of what was believed a little too long finds out by itself. */
const believedForFetching = 2 * believedSeconds;

export class ClosureMirror {
  private readonly underWay = new Map<string, Promise<void>>();
  private free = fetchesAtOnce;
  private readonly queue: (() => void)[] = [];

  constructor(private readonly parts: MirrorParts) {}

  /** Returns when all of them are offered here. Throws NotToBeHad or a FarmFault. */
  async bring(slug: string, paths: readonly string[]): Promise<void> {
    const closure = await this.closureOf(slug, paths);
    const nodes = [...closure.values()].map(({ offering }) => ({
      path: offering.path,
      inputs: offering.references.filter((reference) => reference !== offering.path),
    }));
    const { ordered, cyclic } = registrationOrder(nodes);
    if (cyclic.length > 0) throw new NotToBeHad(`${cyclic[0]} refers to itself by way of others`);
    const brought = ordered.map((path) => this.bringOne(slug, closure.get(path)!));
    await Promise.all(brought.map((one) => one.catch(() => undefined)));
    await Promise.all(brought);
  }

  /** What must be fetched: asked anew where it is not believed any more. */
  private async closureOf(slug: string, paths: readonly string[]): Promise<Map<string, Believed>> {
    const first = await this.walk(slug, paths);
    if (first.lacking.length === 0) return first.found;
    await this.parts.questions.present(slug, paths);
    const { found, lacking } = await this.walk(slug, paths);
    if (lacking.length === 0) return found;
    throw new NotToBeHad(`${lacking[0]} is not to be had`);
  }

  private async walk(
    slug: string,
    paths: readonly string[],
  ): Promise<{ found: Map<string, Believed>; lacking: string[] }> {
    const { upstreams } = this.parts;
    const found = new Map<string, Believed>();
    const seen = new Set<string>();
    const lacking: string[] = [];
    for (let frontier = [...paths]; frontier.length > 0;) {
      for (const path of frontier) seen.add(path);
      const offered = await upstreams.offered(slug, frontier);
      const wanted = frontier.filter((path) => !offered.has(path));
      const believed = await upstreams.believed(slug, wanted, believedForFetching);
      for (const one of believed) found.set(one.offering.path, one);
      lacking.push(...wanted.filter((path) => !found.has(path)));
      const next = new Set(believed.flatMap(({ offering }) => offering.references));
      frontier = [...next].filter((path) => !seen.has(path));
    }
    return { found, lacking };
  }

  private bringOne(slug: string, believed: Believed): Promise<void> {
    const key = `${slug}/${believed.offering.path}`;
    const known = this.underWay.get(key);
    if (known) return known;
    const references = believed.offering.references.flatMap((reference) => {
      if (reference === believed.offering.path) return [];
      return this.underWay.get(`${slug}/${reference}`) ?? [];
    });
    const bringing = Promise.all(references)
      .then(() => this.inTurn(() => this.fetch(slug, believed)))
      .finally(() => this.underWay.delete(key));
    this.underWay.set(key, bringing);
    return bringing;
  }

  private async inTurn(work: () => Promise<void>): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
    try {
      await work();
    } finally {
      const next = this.queue.shift();
      if (next) next();
      else this.free += 1;
    }
  }

  private async fetch(slug: string, { upstream, offering }: Believed): Promise<void> {
    const { upstreams, shelf, client, nars, startMeter } = this.parts;
    const { path } = offering;
    const from = (await upstreams.upstreams()).find(({ id }) => id === upstream);
    if (!from) throw await this.disbelieved(slug, path, 'its upstream was removed');
    let isKept = false;
    const ingested = await ingestNar(
      {
        nars,
        startMeter,
        substitutes: {
          recordUpload: async (_principal, nar) => {
            isKept = await shelf.keep(offering, nar);
            return { ok: true, value: 'recorded' };
          },
        },
      },
      {
        ...{ slug, path, principal: { kind: 'service' }, expectedHash: offering.narHash },
        body: this.body(slug, from, { client, offering }),
      },
    );
    if (!ingested.ok) throw await this.disbelieved(slug, path, refusal(from, ingested.error));
    if (!isKept) throw new FarmFault('input-missing', `a reference of ${path} went meanwhile`);
  }

  private async *body(
    slug: string,
    upstream: Upstream,
    { client, offering }: Pick<MirrorParts, 'client'> & Pick<Believed, 'offering'>,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* client.nar(upstream, offering);
    } catch (fault) {
      const gone = fault instanceof FarmFault && fault.retry === 'never';
      if (!gone) throw fault;
      throw await this.disbelieved(slug, offering.path, fault.message);
    }
  }

  private async disbelieved(slug: string, path: string, why: string): Promise<NotToBeHad> {
    await this.parts.shelf.disbelieve(slug, [path]);
    return new NotToBeHad(`${path}: ${why}`);
  }
}

function refusal({ url }: Upstream, error: IngestRefusal): string {
  if (error.kind !== 'hash-mismatch') return `what ${url} sent is refused: ${error.kind}`;
  return `${url} sent ${error.actual} and has signed ${error.expected}`;
}
