/** The address that forges and Cuirass's users call after a push. */
import {
  Controller,
  HttpCode,
  Inject,
  Logger,
  Param,
  Post,
  Req,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { ApiBearerAuth, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { SpecificationStore } from '#application/ports/specification-store.js';
import type { Actor } from '#domain/access/actor.js';
import { Audit } from '../access/audit.js';
import { actorOf, bearerOf } from '../access/identities.js';
import { SPECIFICATIONS } from '../farm/tokens.js';
import { HookGuard } from '../security/hook-guard.js';
import { SpecificationWriter } from '../specifications/specification-writer.js';
import { sendJson } from './answers.js';
import { HookRate } from './hook-rate.js';
import { CuirassErrors, CuirassRefusal, specificationNotFound } from './refusals.js';

const HookAnswer = z.object({ jobset: z.string() });
const HookRefusal = z.object({ error: z.string() });

@ApiTags('hook')
@Controller('jobset')
@UseFilters(CuirassErrors)
export class HookController {
  private readonly rate = new HookRate();
  private readonly logger = new Logger('hook');

  constructor(
    private readonly writer: SpecificationWriter,
    private readonly audit: Audit,
    @Inject(SPECIFICATIONS) private readonly store: SpecificationStore,
  ) {}

  /** Whatever the forge sends as a body is not looked at: the channels are. */
  @Post(':name/hook/evaluate')
  @HttpCode(200)
  @UseGuards(HookGuard)
  @ApiBearerAuth()
  @ApiResponse({ status: 200, standardSchema: HookAnswer })
  @ApiResponse({ status: 401, standardSchema: HookRefusal })
  @ApiResponse({ status: 403, standardSchema: HookRefusal })
  @ApiResponse({ status: 404, standardSchema: HookRefusal })
  @ApiResponse({ status: 500, standardSchema: HookRefusal, description: 'It is inactive' })
  async evaluate(
    @Param('name') name: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const standing = await this.store.find(name);
    if (!standing) throw specificationNotFound();
    if (!standing.specification.active) throw new CuirassRefusal(500, 'Evaluation hook disabled.');
    if (this.rate.admits(name, Date.now())) {
      await this.writer.evaluate(name, 'hook');
      await this.note(callerOf(request), name);
    } else this.logger.warn(`too many calls of the hook of ${name}: this one is dropped`);
    await sendJson(reply, { jobset: name });
  }

  private async note(actor: Actor, name: string): Promise<void> {
    const subject = `specification/${name}`;
    await this.audit.record(actor, { action: 'evaluation.trigger', subject });
  }
}

/** Who acts in no role is written down by where it calls from. */
function callerOf(request: FastifyRequest): Actor {
  const actor = actorOf(request);
  if (actor.via !== 'anonymous') return actor;
  const from = request.raw.socket.remoteAddress ?? 'somewhere';
  return { ...actor, name: bearerOf(request) === null ? from : `a token without a role, ${from}` };
}
