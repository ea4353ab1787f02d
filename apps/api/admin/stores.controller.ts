/** `/admin/stores`, pins, releases and upstreams: what is published, kept, and asked. */
import { Controller, Get, Header, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { PinRequest, ReleaseRequest } from '#protocol/api/retention.js';
import { StoreChange, StoreRequest, StoreSlug, type StoreAnswer } from '#protocol/api/store.js';
import { filled, type Filled } from '#views/admin/fields.js';
import { storeFields, storePage, storesPage } from '#views/admin/stores.js';
import { Requires } from '../access/requires.js';
import { Retention } from '../retention/retention.js';
import { Stores } from '../stores/stores.js';
import { Upstreams } from '../upstreams/upstreams.js';
import { AdminErrors, html, orFormAgain, seeOther, visitOf } from './admin-answers.js';
import { fieldIn, formOf } from './admin-form.js';
import { checked, said } from './checked.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const bySlug = z.object({ slug: StoreSlug });
type BySlug = z.infer<typeof bySlug>;
const here = '/admin/stores';

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin')
export class AdminStoresController {
  constructor(
    private readonly stores: Stores,
    private readonly retention: Retention,
    private readonly upstreams: Upstreams,
  ) {}

  @Get('stores')
  @Requires('retention.manage')
  @Header('content-type', html)
  list(@Req() request: FastifyRequest): Promise<string> {
    return this.page(request, filled());
  }

  @Post('stores')
  @Requires('store.manage', 'store/=slug')
  async add(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { slug } = await this.orAgain(request, async () =>
      this.stores.add(checked(StoreRequest, said(formOf(request), 'slug', 'dir', 'kind'))),
    );
    return seeOther(reply, { address: `${here}/${slug}`, done: 'added', of: slug });
  }

  @Get('stores/:slug')
  @Requires('store.manage')
  @Header('content-type', html)
  async show(@Param({ schema: bySlug }) { slug }: BySlug, @Req() request: FastifyRequest) {
    const store = await this.store(slug);
    return storePage({ visit: visitOf(request), store, form: filled(storeFields(store)) });
  }

  @Post('stores/:slug')
  @Requires('store.manage', 'store/:slug')
  async change(
    @Param({ schema: bySlug }) { slug }: BySlug,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const values = formOf(request);
    const change = async () => this.stores.change(slug, checked(StoreChange, changeOf(values)));
    await orFormAgain(change, async (faults) => {
      const model = { visit: visitOf(request), store: await this.store(slug) };
      return storePage({ ...model, form: { values, faults } });
    });
    return seeOther(reply, { address: `${here}/${slug}`, done: 'saved', of: slug });
  }

  @Post('pins')
  @Requires('retention.manage', 'pin')
  async pin(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const values = formOf(request);
    const asked = { path: fieldIn(values, 'path'), note: fieldIn(values, 'pinNote') };
    await this.orAgain(request, async () => this.retention.pin(checked(PinRequest, asked)));
    return seeOther(reply, { address: here, done: 'added', of: 'A pin' });
  }

  @Post('pins/:id/remove')
  @Requires('retention.manage', 'pin/:id')
  async unpin(
    @Param({ schema: byId }) { id }: ById,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    if (!(await this.retention.pins.remove(Number(id)))) throw notFound(`pin ${id}`);
    return seeOther(reply, { address: here, done: 'removed', of: `Pin ${id}` });
  }

  @Post('releases')
  @Requires('retention.manage', 'release')
  async release(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const values = formOf(request);
    const { name } = await this.orAgain(request, async () => {
      const asked = { ...said(values, 'name', 'evaluation'), note: fieldIn(values, 'releaseNote') };
      return this.retention.release(checked(ReleaseRequest, asked));
    });
    return seeOther(reply, { address: here, done: 'added', of: `Release ${name}` });
  }

  @Post('releases/:id/remove')
  @Requires('retention.manage', 'release/:id')
  async unrelease(
    @Param({ schema: byId }) { id }: ById,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    if (!(await this.retention.releases.remove(Number(id)))) throw notFound(`release ${id}`);
    return seeOther(reply, { address: here, done: 'removed', of: `Release ${id}` });
  }

  @Post('upstreams/:id/remove')
  @Requires('upstream.manage', 'upstream/:id')
  async removeUpstream(
    @Param({ schema: byId }) { id }: ById,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    await this.upstreams.remove(Number(id));
    return seeOther(reply, { address: here, done: 'removed', of: `Upstream ${id}` });
  }

  private orAgain<T>(request: FastifyRequest, work: () => Promise<T>): Promise<T> {
    return orFormAgain(work, (faults) => this.page(request, { values: formOf(request), faults }));
  }

  private async page(request: FastifyRequest, form: Filled): Promise<string> {
    const [stores, upstreams, pins, releases] = await Promise.all([
      this.stores.list(),
      this.upstreams.catalog.list(),
      this.retention.pins.list(),
      this.retention.releases.list(null),
    ]);
    return storesPage({
      ...{ visit: visitOf(request), stores, pins, releases, form },
      upstreams: upstreams.items,
    });
  }

  private async store(slug: string): Promise<StoreAnswer> {
    const found = (await this.stores.list()).find((one) => one.slug === slug);
    if (!found) throw notFound(`store ${slug}`);
    return found;
  }
}

/** Keys have an empty line between two, since those of Guix have several lines. */
function changeOf(values: URLSearchParams): object {
  const { mode, ...counted } = said(values, 'mode', 'priority', 'ttlSeconds');
  const keys = (values.get('trustedKeys') ?? '').split(/\n\s*\n/).map((key) => key.trim());
  return {
    ...{ host: fieldIn(values, 'host') || null, private: values.get('private') === 'on', mode },
    ...Object.fromEntries(Object.entries(counted).map(([key, value]) => [key, Number(value)])),
    trustedKeys: keys.filter((key) => key !== ''),
  };
}
