/** The address that forges and Cuirass's users call after a push. */
import { Controller, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Problem } from '#protocol/api/problem.js';
import { ResourceName } from '#protocol/specification.js';
import { HookGuard } from '../security/admin-guard.js';
import { SpecificationWriter } from './specification-writer.js';
import { TriggerAnswer } from './specifications.controller.js';

const named = z.object({ name: ResourceName });

@ApiTags('hook')
@Controller('jobset')
export class HookController {
  constructor(private readonly writer: SpecificationWriter) {}

  /** Whatever the forge sends as a body is not looked at: the channels are. */
  @Post(':name/hook/evaluate')
  @HttpCode(202)
  @UseGuards(HookGuard)
  @ApiBearerAuth()
  @ApiResponse({ status: 202, standardSchema: TriggerAnswer })
  @ApiResponse({ status: 401, standardSchema: Problem })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async evaluate(
    @Param({ schema: named }) { name }: z.infer<typeof named>,
  ): Promise<z.infer<typeof TriggerAnswer>> {
    await this.writer.evaluate(name, 'hook');
    return { specification: name, trigger: 'hook' };
  }
}
