/** `/admin/tokens`: made, shown once, revoked. */
import { Controller, Get, Header, Inject, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { SpecificationStore } from '#application/ports/specification-store.js';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { TokenRequest, type TokenAnswer } from '#protocol/api/token.js';
import { filled, type Filled } from '#views/admin/fields.js';
import {
  madeTokenPage,
  revokeTokenPage,
  tokensPage,
  type ListedToken,
} from '#views/admin/tokens.js';
import { noteChange } from '../access/audit-interceptor.js';
import { Requires } from '../access/requires.js';
import { SPECIFICATIONS } from '../farm/tokens.js';
import { Stores } from '../stores/stores.js';
import { Tokens } from '../tokens/tokens.js';
import { AdminErrors, html, orFormAgain, seeOther, visitOf } from './admin-answers.js';
import { formOf } from './admin-form.js';
import { checked } from './checked.js';
import { tokenRequestOf, tokenSays } from './token-form.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const here = '/admin/tokens';

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin/tokens')
export class AdminTokensController {
  constructor(
    private readonly tokens: Tokens,
    private readonly stores: Stores,
    @Inject(SPECIFICATIONS) private readonly specifications: SpecificationStore,
  ) {}

  @Get()
  @Requires('token.manage')
  @Header('content-type', html)
  list(@Req() request: FastifyRequest): Promise<string> {
    return this.page(request, filled());
  }

  /** The answer itself tells the token: an address would be kept by the browser. */
  @Post()
  @Requires('token.manage', 'token')
  async make(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const values = formOf(request);
    const { token, ...made } = await orFormAgain(
      async () => this.tokens.make(checked(TokenRequest, tokenRequestOf(values))),
      (faults) => this.page(request, { values, faults }),
    );
    noteChange(request, { subject: `token/${made.id}`, before: null, after: made });
    void reply.status(200).header('cache-control', 'no-store').type(html);
    return madeTokenPage({ visit: visitOf(request), name: made.name, token });
  }

  @Get(':id/revoke')
  @Requires('token.manage')
  @Header('content-type', html)
  async sure(
    @Param({ schema: byId }) { id }: ById,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const found = (await this.tokens.list()).find((one) => one.id === id);
    if (!found) throw notFound(`token ${id}`);
    return revokeTokenPage(visitOf(request), listed(found));
  }

  @Post(':id/revoke')
  @Requires('token.manage', 'token/:id')
  async revoke(
    @Param({ schema: byId }) { id }: ById,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    await this.tokens.revoke(id);
    return seeOther(reply, { address: here, done: 'revoked', of: `Token ${id}` });
  }

  private async page(request: FastifyRequest, form: Filled): Promise<string> {
    const [tokens, stores, specifications] = await Promise.all([
      this.tokens.list(),
      this.stores.list(),
      this.specifications.list(),
    ]);
    return tokensPage({
      ...{ visit: visitOf(request), form, tokens: tokens.map(listed) },
      stores: stores.map(({ slug }) => slug),
      specifications: specifications.map(({ name }) => name),
    });
  }
}

function listed(token: TokenAnswer): ListedToken {
  return { ...token, says: tokenSays(token) };
}
