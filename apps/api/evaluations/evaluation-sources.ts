/** What it takes to do an evaluation again: its channels.scm, and bundles of what it read. */
import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { ChannelBundles } from '#adapters/git/channel-bundles.js';
import { ProvenanceQueries, type Provenance } from '#adapters/postgres/provenance-queries.js';
import { printChannels } from '#domain/evaluation/channels-scm.js';
import { isOpenSource } from '#domain/evaluation/shown-sources.js';
import { may } from '#domain/access/actor.js';
import { id, type EvaluationId } from '#domain/ids.js';
import type { Channel } from '#domain/specification/specification.js';
import { notFound, ProblemException } from '#nest/problem.js';
import { unauthorized } from '../access/access-guard.js';
import { Identities } from '../access/identities.js';

export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const busySeconds = 30;

@Injectable()
export class EvaluationSources {
  constructor(
    private readonly queries: ProvenanceQueries,
    private readonly bundles: ChannelBundles,
    private readonly identities: Identities,
  ) {}

  async sendChannels(evaluation: string, reply: FastifyReply): Promise<void> {
    const { specification, checkouts } = await this.known(evaluation);
    if (specification.backend !== 'guix') {
      throw notFound(`channels.scm of evaluation ${evaluation}, which is not read by Guix`);
    }
    reply.header('content-type', 'text/plain; charset=utf-8');
    reply.header('content-disposition', 'inline; filename="channels.scm"');
    await reply.header('cache-control', 'public, max-age=300').send(printChannels(checkouts));
  }

  async sendLatestChannels(specification: string, reply: FastifyReply): Promise<void> {
    const latest = await this.queries.latest(specification);
    if (latest === null) throw notFound(`succeeded evaluation of ${specification || 'nothing'}`);
    await this.sendChannels(String(latest), reply);
  }

  async sendBundle(evaluation: string, name: string, { request, reply }: Exchange): Promise<void> {
    const { channel, revision } = await this.checkoutOf(evaluation, name);
    const open = isOpenSource(channel);
    if (!open && !may(await this.identities.identify(request), 'source.read')) {
      throw unauthorized(`The channel ${name} is not open to all: the admin token is needed.`);
    }
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${name}-${revision.slice(0, 12)}.bundle"`,
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': open ? 'public, max-age=3600' : 'private, no-store',
    };
    if (request.method === 'HEAD') {
      if (!(await this.bundles.has(channel, revision))) throw missing(name);
      return void (await reply.headers(headers).send());
    }
    const bundle = await this.bundles.open(channel, revision);
    if (bundle === 'absent') throw missing(name);
    if (bundle === 'busy') throw busy();
    await reply.headers(headers).send(Readable.from(bundle, { objectMode: false }));
  }

  private async checkoutOf(
    evaluation: string,
    name: string,
  ): Promise<{ readonly channel: Channel; readonly revision: string }> {
    const { specification, checkouts } = await this.known(evaluation);
    const found = checkouts.find(({ channel }) => channel === name);
    if (!found) throw notFound(`channel ${name} of evaluation ${evaluation}`);
    const { url, branch, revision, introduction } = found;
    const named = specification.channels.find((one) => one.name === name && one.url === url);
    const channel = { name, url, branch, introduction, credential: named?.credential };
    return { channel, revision };
  }

  private async known(evaluation: string): Promise<Provenance> {
    const found = await this.queries.find(id<EvaluationId>(evaluation));
    if (!found) throw notFound(`evaluation ${evaluation}`);
    return found;
  }
}

function missing(name: string): ProblemException {
  const detail = `The api does not see the mirror of ${name}: GAMBESON_DATA/mirrors is not shared.`;
  return new ProblemException({ status: 404, kind: 'not-found', detail });
}

function busy(): ProblemException {
  return new ProblemException({
    status: 503,
    kind: 'busy',
    detail: 'Others are fetching bundles: ask again.',
    headers: { 'retry-after': String(busySeconds) },
  });
}
