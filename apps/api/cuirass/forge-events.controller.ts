/**
 * Where newer Cuirass hears of merge and pull requests, in its words. Which forge it is that tells
 * is known by the secret; `/webhooks/FORGE` is the same with a name, and tells what became of it.
 */
import { Controller, HttpException, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Database } from '#adapters/postgres/database.js';
import { PostgresRequestStore } from '#adapters/postgres/forge-requests.js';
import type { Forge, ForgeKind } from '#domain/forge/forge.js';
import { requestName } from '#domain/forge/request-template.js';
import { WebhookIntake, type Taken } from '../webhooks/webhook-intake.js';
import { rawOf } from '../webhooks/webhooks.controller.js';

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
}

@ApiExcludeController()
@Controller('admin')
export class ForgeEventsController {
  private readonly requests: PostgresRequestStore;

  constructor(
    private readonly intake: WebhookIntake,
    database: Database,
  ) {
    this.requests = new PostgresRequestStore(database);
  }

  @Post('gitlab/event')
  gitlab(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answer('gitlab', request, reply);
  }

  @Post('forgejo/event')
  forgejo(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.answer('forgejo', request, reply);
  }

  private async answer(kind: ForgeKind, request: FastifyRequest, reply: FastifyReply) {
    const { status, body } = await this.heard(kind, request);
    await reply
      .status(status)
      .type('application/json')
      .send(Buffer.from(JSON.stringify(body)));
  }

  private async heard(kind: ForgeKind, request: FastifyRequest): Promise<Answer> {
    const forges = (await this.intake.forges()).filter((one) => one.kind === kind);
    if (forges.length === 0) return refused(404, `No forge of the kind ${kind} is known.`);
    const raw = rawOf(request);
    const doubts: string[] = [];
    for (const forge of forges) {
      const doubt = await this.intake.doubt(forge, raw);
      if (doubt === null) return this.taken(forge, raw);
      doubts.push(doubt);
      if (forges.length === 1) await this.intake.noteRefusal(forge, doubt);
    }
    return refused(403, `This is from none of the forges: ${doubts[0]}.`);
  }

  private async taken(forge: Forge, raw: ReturnType<typeof rawOf>): Promise<Answer> {
    try {
      return await this.nameOf(forge, await this.intake.take(forge, raw));
    } catch (error) {
      if (error instanceof HttpException) return refused(error.getStatus(), error.message);
      throw error;
    }
  }

  private async nameOf(forge: Forge, { told }: Taken): Promise<Answer> {
    if (told.kind !== 'request') return refused(400, 'This is no merge or pull request.');
    const [template] = await this.requests.templates(forge.id, told.repository.name);
    if (!template) return refused(404, `Nothing is said about ${told.repository.name}.`);
    return { status: 200, body: { jobset: requestName(template, told.number) } };
  }
}

function refused(status: number, error: string): Answer {
  return { status, body: { error } };
}
