/** What is asked and changed of upstreams, and how one is tried. */
import { Injectable } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { UpstreamCatalog } from '#adapters/postgres/upstream-catalog.js';
import { PostgresUpstreamStore } from '#adapters/postgres/upstream-store.js';
import { askStoreDir } from '#adapters/upstream/cache-info.js';
import { UpstreamHttp } from '#adapters/upstream/upstream-http.js';
import { dialectOf } from '#domain/substitute/store.js';
import type { Upstream, UpstreamId } from '#domain/substitute/upstream.js';
import { parseGuixPublicKey } from '#formats/guix-signature.js';
import { parseNixPublicKey } from '#formats/nix-signature.js';
import { parseBasename } from '#formats/store-path.js';
import { notFound, ProblemException } from '#nest/problem.js';
import type { TrialAnswer, UpstreamAnswer, UpstreamRequest } from '#protocol/api/upstream.js';

type Step = TrialAnswer['steps'][number];

/** Of a runtime closure, so many levels are looked at in a trial. */
const levelsAtMost = 100;

@Injectable()
export class Upstreams {
  readonly catalog: UpstreamCatalog;
  private readonly store: PostgresUpstreamStore;

  constructor(database: Database) {
    this.catalog = new UpstreamCatalog(database);
    this.store = new PostgresUpstreamStore(database);
  }

  async add(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const dir = await this.catalog.directoryOf(request.store);
    if (dir === null) throw unknownStore(request.store);
    const publicKeys = request.publicKeys.map((key) => key.trim());
    checkKeys(publicKeys, dialectOf({ dir }));
    const url = request.url.replace(/\/+$/, '');
    const added = await this.catalog.add({ ...request, publicKeys, url });
    if (added === 'unknown-store') throw unknownStore(request.store);
    if (added === 'known') {
      const detail = `The store ${request.store} has the upstream ${request.url} already.`;
      throw new ProblemException({ status: 409, kind: 'upstream-known', detail });
    }
    const { items } = await this.catalog.list();
    return items.find(({ id }) => id === String(added.id))!;
  }

  async remove(id: UpstreamId): Promise<void> {
    if (!(await this.catalog.remove(id))) throw notFound(`upstream ${id}`);
  }

  /** Asks it now, as it would be asked for a build, and writes nothing. */
  async try(id: UpstreamId, path: string | undefined): Promise<TrialAnswer> {
    const upstream = (await this.store.upstreams()).find((one) => one.id === id);
    if (!upstream) throw notFound(`upstream ${id}`);
    const steps = [await storeDirStep(upstream)];
    if (steps[0]!.ok && path !== undefined) steps.push(...(await pathSteps(upstream, path)));
    return { ok: steps.every((step) => step.ok), steps };
  }
}

function unknownStore(slug: string): ProblemException {
  return new ProblemException({
    ...{ status: 422, kind: 'unknown-store', detail: `There is no store ${slug}.` },
    errors: [{ pointer: '/store', detail: 'is no store of this farm' }],
  });
}

function checkKeys(keys: readonly string[], dialect: Upstream['dialect']): void {
  const isKey = (key: string): boolean =>
    dialect === 'guix' ? parseGuixPublicKey(key).ok : parseNixPublicKey(key).ok;
  const bad = keys.findIndex((key) => !isKey(key));
  if (bad < 0) return;
  const form = dialect === 'guix' ? 'an s-expression (public-key …)' : 'NAME:BASE64';
  throw new ProblemException({
    ...{ status: 422, kind: 'bad-key', detail: 'A public key cannot be read.' },
    errors: [{ pointer: `/publicKeys/${bad}`, detail: `is not ${form}` }],
  });
}

async function storeDirStep(upstream: Upstream): Promise<Step> {
  const name = 'nix-cache-info';
  const asked = await askStoreDir(upstream);
  if (!asked.ok) return { name, ok: false, detail: asked.error };
  const same = asked.value === upstream.dir;
  const detail = same ? `serves ${asked.value}` : `serves ${asked.value}, not ${upstream.dir}`;
  return { name, ok: same, detail };
}

async function pathSteps(upstream: Upstream, path: string): Promise<Step[]> {
  const base = path.startsWith(`${upstream.dir}/`) ? path.slice(upstream.dir.length + 1) : path;
  if (!parseBasename(base).ok) {
    return [{ name: 'path', ok: false, detail: `${path} is no path of ${upstream.dir}` }];
  }
  const client = new UpstreamHttp();
  const [answer] = await client.ask(upstream, [base]);
  if (answer?.kind !== 'has') {
    const why = answer && 'why' in answer ? answer.why : 'it does not have it';
    return [{ name: 'narinfo', ok: false, detail: why }];
  }
  const narinfo = { name: 'narinfo', ok: true, detail: 'signed by one of its keys' };
  return [narinfo, await closureStep(upstream, client, answer.offering.references)];
}

async function closureStep(
  upstream: Upstream,
  client: UpstreamHttp,
  references: readonly string[],
): Promise<Step> {
  const name = 'closure';
  const seen = new Set<string>(references);
  let frontier = [...seen];
  for (let level = 0; level < levelsAtMost && frontier.length > 0; level += 1) {
    const answers = await client.ask(upstream, frontier);
    const lacking = answers.findIndex((answer) => answer.kind !== 'has');
    if (lacking >= 0) return { name, ok: false, detail: `it lacks ${frontier[lacking]}` };
    const next = answers.flatMap((answer) =>
      answer.kind === 'has' ? answer.offering.references : [],
    );
    frontier = [...new Set(next)].filter((path) => !seen.has(path));
    for (const path of frontier) seen.add(path);
  }
  return { name, ok: true, detail: `${seen.size} references are there, too` };
}
