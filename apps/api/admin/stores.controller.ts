/** `/admin/stores`, pins, releases and upstreams: what is published, kept, and asked. */
import { Controller, Get, Header, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { PinRequest, ReleaseRequest } from '#protocol/api/retention.js';
import { StoreChange, StoreRequest, StoreSlug, type StoreAnswer } from '#protocol/api/store.js';
import type { ConflictModel } from '#views/admin/conflict.js';
import { filled, type Filled } from '#views/admin/fields.js';
import { withSeen } from '#views/admin/seen.js';
import { storeFields, storePage, storesPage } from '#views/admin/stores.js';
import { UpstreamRequest } from '#protocol/api/upstream.js';
import { Requires } from '../access/requires.js';
import { Retention } from '../retention/retention.js';
import { Stores } from '../stores/stores.js';
import { Upstreams } from '../upstreams/upstreams.js';
import { AdminErrors, html, orFormAgain, seeOther, visitOf } from './admin-answers.js';
import { fieldIn, formOf } from './admin-form.js';
import { CarefulForms } from './careful-forms.js';
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
    private readonly forms: CarefulForms,
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
    const form = filled(withSeen(storeFields(store)));
    return storePage({ visit: visitOf(request), store, form, conflict: null });
  }

  @Post('stores/:slug')
  @Requires('store.manage', 'store/:slug')
  async change(
    @Param({ schema: bySlug }) { slug }: BySlug,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const values = formOf(request);
    const page = async (form: Filled, conflict: ConflictModel | null) =>
      storePage({ visit: visitOf(request), store: await this.store(slug), form, conflict });
    const save = async () => {
      await this.stores.change(slug, checked(StoreChange, changeOf(values)));
    };
    await this.forms.save({
      ...{ values, address: `${here}/${slug}`, again: page },
      standing: async () => storeFields(await this.store(slug)),
      save: () => orFormAgain(save, (faults) => page({ values, faults }, null)),
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

  @Post('upstreams')
  @Requires('upstream.manage', 'upstream/=url')
  async addUpstream(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const asked = upstreamOf(formOf(request));
    await this.orAgain(request, async () => this.upstreams.add(checked(UpstreamRequest, asked)));
    return seeOther(reply, { address: here, done: 'added', of: 'The upstream' });
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

function changeOf(values: URLSearchParams): object {
  const { mode, ...counted } = said(values, 'mode', 'priority', 'ttlSeconds');
  return {
    ...{ host: fieldIn(values, 'host') || null, private: values.get('private') === 'on', mode },
    ...Object.fromEntries(Object.entries(counted).map(([key, value]) => [key, Number(value)])),
    trustedKeys: keysIn(values, 'trustedKeys'),
  };
}

function upstreamOf(values: URLSearchParams): object {
  const { position, ...told } = said(values, 'store', 'url', 'position');
  const publicKeys = keysIn(values, 'publicKeys');
  return { ...told, publicKeys, ...(position !== undefined && { position: Number(position) }) };
}

/** Those of Guix have several lines, so that an empty line stands between two. */
function keysIn(values: URLSearchParams, name: string): string[] {
  const keys = (values.get(name) ?? '').split(/\n\s*\n/).map((key) => key.trim());
  return keys.filter((key) => key !== '');
}
