/** Cuirass's pages that we have under other addresses. */
import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { redirect } from './answers.js';
import { CuirassErrors, resourceNotFound } from './refusals.js';

@ApiExcludeController()
@UseFilters(CuirassErrors)
@Controller()
export class CuirassPagesController {
  /** Running builds. */
  @Get('status')
  status(@Res() reply: FastifyReply): Promise<void> {
    return redirect(reply, '/queue');
  }

  @Get('machine/:name')
  machine(@Res() reply: FastifyReply): Promise<void> {
    return redirect(reply, '/workers');
  }

  /** Specifications are written by the API and the command line. */
  @Get('specification/add')
  add(@Res() reply: FastifyReply): Promise<void> {
    return redirect(reply, '/');
  }

  @Get('specification/edit/:name')
  edit(@Param('name') name: string, @Res() reply: FastifyReply): Promise<void> {
    return redirect(reply, `/specifications/${encodeURIComponent(name)}`);
  }

  /** Our own files lie there under names of their own. */
  @Get('static/*')
  missing(@Req() request: FastifyRequest): never {
    throw resourceNotFound(request.url.replace(/^\/static\//, ''));
  }
}
