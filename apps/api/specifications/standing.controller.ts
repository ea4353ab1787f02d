/** `/api/v1/specifications/NAME/pause` and `…/resume`: watched no more for now, and again. */
import { Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { SpecificationStore } from '#application/ports/specification-store.js';
import { notFound } from '#nest/problem.js';
import { Problem } from '#protocol/api/problem.js';
import { SpecificationAnswer } from '#protocol/api/specification.js';
import { ResourceName, type SpecificationInput } from '#protocol/specification.js';
import { Requires } from '../access/requires.js';
import { SPECIFICATIONS } from '../farm/tokens.js';
import { SpecificationReader } from './specification-reader.js';
import { SpecificationWriter } from './specification-writer.js';

const named = z.object({ name: ResourceName });
type Named = z.infer<typeof named>;

@ApiTags('specifications')
@ApiBearerAuth()
@Requires('specification.pause', 'specification/:name')
@ApiResponse({ status: 401, standardSchema: Problem })
@ApiResponse({ status: 404, standardSchema: Problem })
@ApiResponse({ status: 409, standardSchema: Problem })
@Controller('api/v1/specifications')
export class SpecificationStandingController {
  constructor(
    private readonly reader: SpecificationReader,
    private readonly writer: SpecificationWriter,
    @Inject(SPECIFICATIONS) private readonly store: SpecificationStore,
  ) {}

  @Post(':name/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Neither poll nor evaluate it until it is resumed' })
  @ApiResponse({ status: 200, standardSchema: SpecificationAnswer })
  pause(@Param({ schema: named }) { name }: Named): Promise<SpecificationAnswer> {
    return this.become(name, false);
  }

  @Post(':name/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Poll and evaluate it again' })
  @ApiResponse({ status: 200, standardSchema: SpecificationAnswer })
  resume(@Param({ schema: named }) { name }: Named): Promise<SpecificationAnswer> {
    return this.become(name, true);
  }

  private async become(name: string, active: boolean): Promise<SpecificationAnswer> {
    const standing = await this.store.find(name);
    if (!standing) throw notFound(`specification ${name}`);
    const input = { ...standing.specification, active } as SpecificationInput;
    const edit = { version: standing.version, by: null };
    return this.reader.answer(await this.writer.replace(name, input, edit));
  }
}
