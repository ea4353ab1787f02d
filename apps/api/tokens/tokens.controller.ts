/** `/api/v1/tokens`: access tokens, for the admin. */
import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Id } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { MadeToken, TokenList, TokenRequest } from '#protocol/api/token.js';
import { Requires } from '../access/requires.js';
import { Tokens } from './tokens.js';

const byId = z.object({ id: Id });

@ApiTags('tokens')
@ApiBearerAuth()
@ApiResponse({ status: 401, standardSchema: Problem })
@Controller('api/v1/tokens')
export class TokensController {
  constructor(private readonly tokens: Tokens) {}

  @Get()
  @Requires('token.manage')
  @ApiOperation({ summary: 'Every token with its scope and its last use; never the token itself' })
  @ApiResponse({ status: 200, standardSchema: TokenList })
  async list(): Promise<TokenList> {
    return { items: await this.tokens.list() };
  }

  @Post()
  @Requires('token.manage', 'token/=name')
  @ApiOperation({ summary: 'Make a token; it is told in this answer alone' })
  @ApiResponse({ status: 201, standardSchema: MadeToken })
  @ApiResponse({ status: 422, standardSchema: Problem })
  make(@Body({ schema: TokenRequest }) request: TokenRequest): Promise<MadeToken> {
    return this.tokens.make(request);
  }

  @Delete(':id')
  @Requires('token.manage', 'token/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Refuse it from now on, everywhere' })
  @ApiResponse({ status: 204 })
  @ApiResponse({ status: 404, standardSchema: Problem })
  revoke(@Param({ schema: byId }) { id }: z.infer<typeof byId>): Promise<void> {
    return this.tokens.revoke(id);
  }
}
