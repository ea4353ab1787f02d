/** `/admin/forges`: heard, tried, left; how their requests are built; what they told, once more. */
import {
  Controller,
  Get,
  Header,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { SpecificationStore } from '#application/ports/specification-store.js';
import { notFound, ProblemException } from '#nest/problem.js';
import {
  ForgeName,
  ForgeRequest,
  TemplateRequest,
  type ForgeAnswer,
  type ForgeTrial,
} from '#protocol/api/forge.js';
import { Id } from '#protocol/api/page.js';
import type { ConflictModel } from '#views/admin/conflict.js';
import { filled, type Filled } from '#views/admin/fields.js';
import { forgeFields, forgePage, forgesPage, removeForgePage } from '#views/admin/forges.js';
import { seenField, withSeen } from '#views/admin/seen.js';
import { Requires } from '../access/requires.js';
import { SPECIFICATIONS } from '../farm/tokens.js';
import { Forges } from '../webhooks/forges.js';
import {
  AdminErrors,
  html,
  nothingChanged,
  orFormAgain,
  seeOther,
  unusable,
  visitOf,
} from './admin-answers.js';
import { fieldIn, formOf } from './admin-form.js';
import { CarefulForms } from './careful-forms.js';
import { checked } from './checked.js';
import { forgeRequestOf, templateRequestOf } from './forge-form.js';

const named = z.object({ name: ForgeName });
type Named = z.infer<typeof named>;
const templateOf = named.extend({ id: Id });
const byId = z.object({ id: Id });
const ListQuery = z.object({ cursor: Id.optional() });
const here = '/admin/forges';
const atOnce = 30;

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin')
export class AdminForgesController {
  constructor(
    private readonly forges: Forges,
    @Inject(SPECIFICATIONS) private readonly specifications: SpecificationStore,
    private readonly forms: CarefulForms,
  ) {}

  @Get('forges')
  @Requires('forge.manage')
  @Header('content-type', html)
  list(
    @Query({ schema: ListQuery }) { cursor }: z.infer<typeof ListQuery>,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    return this.page(request, filled(), cursor);
  }

  @Post('forges')
  @Requires('forge.manage', 'forge/=name')
  async put(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const values = formOf(request);
    const name = values.has(seenField) ? await this.change(request) : await this.add(request);
    return seeOther(reply, { address: `${here}/${name}`, done: 'saved', of: name });
  }

  @Get('forges/:name')
  @Requires('forge.manage')
  @Header('content-type', html)
  show(@Param({ schema: named }) { name }: Named, @Req() request: FastifyRequest): Promise<string> {
    return this.one(request, name, {});
  }

  /** It writes nothing, and tells a secret to the forge alone. */
  @Post('forges/:name/try')
  @Requires('forge.manage', 'forge/:name')
  async try(
    @Param({ schema: named }) { name }: Named,
    @Req() request: FastifyRequest,
  ): Promise<never> {
    const trial = await this.forges.try(name);
    throw nothingChanged(await this.one(request, name, { trial }));
  }

  @Get('forges/:name/remove')
  @Requires('forge.manage')
  @Header('content-type', html)
  async sure(@Param({ schema: named }) { name }: Named, @Req() request: FastifyRequest) {
    await this.forge(name);
    return removeForgePage(visitOf(request), name);
  }

  @Post('forges/:name/remove')
  @Requires('forge.manage', 'forge/:name')
  async remove(
    @Param({ schema: named }) { name }: Named,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    if (fieldIn(formOf(request), 'typed') !== name) {
      const faults = [{ field: 'typed', detail: `Type ${name} to remove it` }];
      throw unusable(removeForgePage(visitOf(request), name, faults), faults);
    }
    await this.forges.remove(name);
    return seeOther(reply, { address: here, done: 'removed', of: name });
  }

  @Post('forges/:name/templates')
  @Requires('forge.manage', 'forge/:name')
  async putTemplate(
    @Param({ schema: named }) { name }: Named,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const values = formOf(request);
    const put = async (): Promise<string> => {
      const wish = checked(TemplateRequest, templateRequestOf(values));
      await this.forges.putTemplate(name, wish);
      return wish.repository;
    };
    const of = await orFormAgain(put, (faults) => {
      return this.one(request, name, { template: { values, faults } });
    });
    return seeOther(reply, { address: `${here}/${name}`, done: 'added', of });
  }

  @Post('forges/:name/templates/:id/remove')
  @Requires('forge.manage', 'forge/:name')
  async removeTemplate(
    @Param({ schema: templateOf }) { name, id }: z.infer<typeof templateOf>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    await this.forges.removeTemplate(name, id);
    return seeOther(reply, { address: `${here}/${name}`, done: 'removed', of: `Template ${id}` });
  }

  @Post('forge-deliveries/:id/again')
  @Requires('forge.manage', 'forge-delivery/:id')
  async again(
    @Param({ schema: byId }) { id }: z.infer<typeof byId>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    await this.forges.takeAgain(id);
    return seeOther(reply, { address: here, done: 'redelivered', of: `Delivery ${id}` });
  }

  /** Throws the form again where there is one of that name: that one has a form of its own. */
  private add(request: FastifyRequest): Promise<string> {
    const values = formOf(request);
    const add = async (): Promise<string> => {
      const { name } = checked(named, { name: fieldIn(values, 'name') });
      const wish = checked(ForgeRequest, forgeRequestOf(values));
      await this.forms.alone(async () => {
        if (await this.known(name)) throw taken(name);
        await this.forges.put(name, wish);
      });
      return name;
    };
    return orFormAgain(add, (faults) => this.page(request, { values, faults }, undefined));
  }

  private async change(request: FastifyRequest): Promise<string> {
    const values = formOf(request);
    const { name } = checked(named, { name: fieldIn(values, 'name') });
    const put = () => this.forges.put(name, checked(ForgeRequest, forgeRequestOf(values)));
    await this.forms.save({
      ...{ values, address: `${here}/${name}` },
      standing: async () => forgeFields(await this.forge(name)),
      save: () =>
        orFormAgain(put, (faults) => this.one(request, name, { form: { values, faults } })),
      again: (form, conflict) => this.one(request, name, { form, conflict }),
    });
    return name;
  }

  private async page(
    request: FastifyRequest,
    form: Filled,
    cursor: string | undefined,
  ): Promise<string> {
    const [forges, { items, next }] = await Promise.all([
      this.forges.queries.forges(),
      this.forges.queries.deliveries(null, { cursor, limit: atOnce }),
    ]);
    return forgesPage({ visit: visitOf(request), forges, deliveries: items, next, form });
  }

  private async one(request: FastifyRequest, name: string, more: More): Promise<string> {
    const [forge, templates, specifications] = await Promise.all([
      this.forge(name),
      this.forges.templates(name),
      this.specifications.list(),
    ]);
    return forgePage({
      ...{ visit: visitOf(request), forge, templates, trial: more.trial ?? null },
      specifications: specifications.map((one) => one.name),
      form: more.form ?? filled(withSeen(forgeFields(forge))),
      conflict: more.conflict ?? null,
      templateForm: more.template ?? filled(),
    });
  }

  private async forge(name: string): Promise<ForgeAnswer> {
    const found = await this.known(name);
    if (!found) throw notFound(`forge ${name}`);
    return found;
  }

  private async known(name: string): Promise<ForgeAnswer | undefined> {
    return (await this.forges.queries.forges()).find((one) => one.name === name);
  }
}

/** What the page of a forge shows beside what stands. */
interface More {
  readonly trial?: ForgeTrial;
  readonly form?: Filled;
  readonly conflict?: ConflictModel;
  readonly template?: Filled;
}

function taken(name: string): ProblemException {
  const detail = `${name} is heard already: its own page changes it`;
  return new ProblemException({
    ...{ status: 409, kind: 'name-taken', detail: `${detail}.` },
    errors: [{ pointer: '/name', detail }],
  });
}
