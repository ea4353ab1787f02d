/** Cuirass's form for specifications, and the links that put one away. */
import { Controller, Inject, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type {
  SpecificationStore,
  StoredSpecification,
} from '#application/ports/specification-store.js';
import type { SpecificationInput } from '#protocol/specification.js';
import { SPECIFICATIONS } from '../farm/tokens.js';
import { actorOf } from '../access/identities.js';
import { Requires } from '../access/requires.js';
import { SpecificationWriter } from '../specifications/specification-writer.js';
import { redirect } from './answers.js';
import { CuirassErrors, CuirassRefusal, specificationNotFound } from './refusals.js';
import { readSpecificationForm } from './specification-form.js';

@ApiExcludeController()
@UseFilters(CuirassErrors)
@Controller('admin')
export class CuirassAdminSpecificationsController {
  constructor(
    private readonly writer: SpecificationWriter,
    @Inject(SPECIFICATIONS) private readonly store: SpecificationStore,
  ) {}

  @Post('specification/add')
  @Requires('specification.add', 'specification/=name')
  async add(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const form = formOf(request);
    const name = form.get('name') ?? '';
    if (await this.store.find(name)) {
      throw new CuirassRefusal(400, `Specification ${name} already exists`, 'page');
    }
    await this.writer.create(inputOf(form, null));
    await redirect(reply, '/');
  }

  @Post('specification/edit')
  @Requires('specification.edit', 'specification/=name')
  async edit(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const form = formOf(request);
    const { name, specification, version } = await this.standing(form.get('name') ?? '');
    const edit = { version, by: actorOf(request) };
    await this.writer.replace(name, inputOf(form, specification), edit);
    await redirect(reply, '/');
  }

  /** Kept, and neither polled nor evaluated. */
  @Post('specifications/deactivate/:name')
  @Requires('specification.pause', 'specification/:name')
  async deactivate(@Param('name') name: string, @Res() reply: FastifyReply): Promise<void> {
    const { specification, version } = await this.standing(name);
    const input = { ...specification, active: false } as SpecificationInput;
    await this.writer.replace(name, input, { version, by: null });
    await redirect(reply, '/');
  }

  /** Archived: what it built stays, and its name is free again. */
  @Post('specifications/delete/:name')
  @Requires('specification.remove', 'specification/:name')
  async delete(@Param('name') name: string, @Res() reply: FastifyReply): Promise<void> {
    await this.standing(name);
    await this.writer.archive(name);
    await redirect(reply, '/');
  }

  private async standing(name: string): Promise<StoredSpecification> {
    const found = await this.store.find(name);
    if (!found) throw specificationNotFound();
    return found;
  }
}

function formOf({ body }: FastifyRequest): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams();
}

function inputOf(
  form: URLSearchParams,
  standing: StoredSpecification['specification'] | null,
): SpecificationInput {
  const read = readSpecificationForm(form, standing);
  if (read.ok) return read.value;
  const faults = read.error.map(({ pointer, detail }) => `${pointer}: ${detail}`);
  throw new CuirassRefusal(400, faults.join('; '), 'page');
}
