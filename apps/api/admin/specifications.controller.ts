/** `/admin/specifications`: added, edited without loss, paused, resumed, removed, evaluated. */
import {
  Controller,
  Get,
  Header,
  HttpCode,
  Param,
  Post,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { notFound } from '#nest/problem.js';
import type { SpecificationAnswer } from '#protocol/api/specification.js';
import { ResourceName, type SpecificationInput } from '#protocol/specification.js';
import { confirmPage } from '#views/admin/confirm.js';
import { filled } from '#views/admin/fields.js';
import { fieldsOf, newSpecification } from '#views/admin/specification-fields.js';
import { adminSpecificationsPage, specificationFormPage } from '#views/admin/specifications.js';
import { actorOf } from '../access/identities.js';
import { Requires } from '../access/requires.js';
import { SpecificationReader } from '../specifications/specification-reader.js';
import { SpecificationWriter } from '../specifications/specification-writer.js';
import { AdminErrors, FormRefused, html, seeOther, visitOf } from './admin-answers.js';
import { fieldIn, formOf } from './admin-form.js';
import { SpecificationDesk } from './specification-desk.js';

const named = z.object({ name: ResourceName });
type Named = z.infer<typeof named>;
const here = '/admin/specifications';

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin/specifications')
export class AdminSpecificationsController {
  constructor(
    private readonly reader: SpecificationReader,
    private readonly writer: SpecificationWriter,
    private readonly desk: SpecificationDesk,
  ) {}

  @Get()
  @Requires('admin.see')
  @Header('content-type', html)
  async list(@Req() request: FastifyRequest): Promise<string> {
    const specifications = await this.reader.list();
    return adminSpecificationsPage({ visit: visitOf(request), specifications });
  }

  @Get('add')
  @Requires('specification.add')
  @Header('content-type', html)
  blank(@Req() request: FastifyRequest): string {
    const form = filled(newSpecification);
    return specificationFormPage({ visit: visitOf(request), form, standing: null, conflict: null });
  }

  @Post('add')
  @Requires('specification.add', 'specification/=name')
  async add(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const input = this.desk.read(request, null);
    const { name } = await this.desk.carriedOut(request, null, () => this.writer.create(input));
    return seeOther(reply, { address: `${here}/edit/${name}`, done: 'added', of: name });
  }

  @Get('edit/:name')
  @Requires('admin.see')
  @Header('content-type', html)
  async form(
    @Param({ schema: named }) { name }: Named,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const standing = await this.standing(name);
    const version: [string, string] = ['version', String(standing.version)];
    const form = filled([...fieldsOf(standing.specification), version]);
    return specificationFormPage({ visit: visitOf(request), form, standing, conflict: null });
  }

  @Post('edit/:name')
  @Requires('specification.edit', 'specification/:name')
  async edit(
    @Param({ schema: named }) { name }: Named,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const standing = await this.standing(name);
    const input = this.desk.read(request, standing);
    const version = Number(fieldIn(formOf(request), 'version'));
    const saved = await this.desk.carriedOut(request, { standing, input }, () =>
      this.writer.replace(name, input, { version, by: actorOf(request) }),
    );
    const done = saved.version === version ? 'unchanged' : 'saved';
    return seeOther(reply, { address: `${here}/edit/${name}`, done, of: name });
  }

  @Post('pause/:name')
  @Requires('specification.pause', 'specification/:name')
  async pause(
    @Param({ schema: named }) { name }: Named,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    await this.turn(name, request, false);
    return seeOther(reply, { address: here, done: 'paused', of: name });
  }

  @Post('resume/:name')
  @Requires('specification.pause', 'specification/:name')
  async resume(
    @Param({ schema: named }) { name }: Named,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    await this.turn(name, request, true);
    return seeOther(reply, { address: here, done: 'resumed', of: name });
  }

  @Post('trigger/:name')
  @Requires('evaluation.trigger', 'specification/:name')
  async trigger(
    @Param({ schema: named }) { name }: Named,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    await this.writer.evaluate(name, 'hook');
    return seeOther(reply, { address: here, done: 'triggered', of: name });
  }

  @Get('remove/:name')
  @Requires('specification.remove', 'specification/:name')
  @Header('content-type', html)
  async sure(
    @Param({ schema: named }) { name }: Named,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    return removalPage(request, await this.standing(name));
  }

  @Post('remove/:name')
  @HttpCode(303)
  @Requires('specification.remove', 'specification/:name')
  async remove(
    @Param({ schema: named }) { name }: Named,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const standing = await this.standing(name);
    if (fieldIn(formOf(request), 'typed') !== name) {
      const detail = `Type ${name} to remove it`;
      const refusal = { status: 422, kind: 'not-typed', detail };
      throw new FormRefused(refusal, removalPage(request, standing, detail));
    }
    await this.writer.archive(name);
    return seeOther(reply, { address: here, done: 'removed', of: name });
  }

  private async turn(name: string, request: FastifyRequest, active: boolean): Promise<void> {
    const { specification } = await this.standing(name);
    const version = Number(fieldIn(formOf(request), 'version'));
    const input = { ...specification, active } as SpecificationInput;
    await this.writer.replace(name, input, { version, by: null });
  }

  private async standing(name: string): Promise<SpecificationAnswer> {
    const found = await this.reader.find(name);
    if (!found) throw notFound(`specification ${name}`);
    return found;
  }
}

function removalPage(request: FastifyRequest, one: SpecificationAnswer, fault?: string): string {
  const { name } = one;
  return confirmPage({
    ...{ visit: visitOf(request), here, word: 'Remove it', typed: name },
    question: `Remove the specification ${name}?`,
    consequences: [
      'Its channels are watched no more, and what only it wanted is canceled.',
      'Its evaluations and builds stay, as history; its name is free again.',
    ],
    ...{ to: `${here}/remove/${name}`, back: here },
    form: filled([], fault === undefined ? [] : [{ field: 'typed', detail: fault }]),
  });
}
