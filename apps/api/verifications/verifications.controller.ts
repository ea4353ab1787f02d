/**
 * `/api/v1/verifications` and `/api/v1/integrity`: ask that what is offered be verified, see how
 * far that has come, and what was found broken.
 */
import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { VerificationQueries } from '#adapters/postgres/verification-queries.js';
import { shareOf } from '#domain/substitute/integrity.js';
import { notFound, ProblemException } from '#nest/problem.js';
import { Id, pageOf, PageQuery, type Page } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import {
  FindingAnswer,
  IntegrityAnswer,
  VerificationAnswer,
  VerificationRequest,
} from '#protocol/api/verification.js';
import { Requires } from '../access/requires.js';

const FindingPage = pageOf(FindingAnswer);
const byId = z.object({ id: Id });
type Address = z.infer<typeof byId>;

@ApiTags('integrity')
@ApiBearerAuth()
@ApiResponse({ status: 404, standardSchema: Problem })
@Controller('api/v1/verifications')
export class VerificationsController {
  constructor(private readonly queries: VerificationQueries) {}

  @Post()
  @Requires('store.verify', 'verification')
  @HttpCode(202)
  @ApiOperation({ summary: 'Verify what is offered: its files, its nars, its references' })
  @ApiResponse({ status: 202, standardSchema: VerificationAnswer })
  @ApiResponse({ status: 422, standardSchema: Problem })
  async wish(
    @Body({ schema: VerificationRequest }) request: VerificationRequest,
  ): Promise<VerificationAnswer> {
    const { store = null, sample = '100%', repair } = request;
    const offered = await this.queries.offered(store);
    if (offered === null) throw notFound(`store ${store}`);
    const share = shareOf(sample, offered);
    if (share === null) throw badSample;
    // Another sample sees other paths.
    const seed = Math.floor(Math.random() * 2 ** 31);
    const wished = await this.queries.wish({ store, share, seed, repair });
    return this.answer(wished);
  }

  @Get(':id')
  @Requires('store.verify', 'verification/:id')
  @ApiOperation({ summary: 'How far a verification has come' })
  @ApiResponse({ status: 200, standardSchema: VerificationAnswer })
  find(@Param({ schema: byId }) address: Address): Promise<VerificationAnswer> {
    return this.answer(Number(address.id));
  }

  @Get(':id/findings')
  @Requires('store.verify', 'verification/:id')
  @ApiOperation({ summary: 'What a verification found, in that order' })
  @ApiResponse({ status: 200, standardSchema: FindingPage })
  async findings(
    @Param({ schema: byId }) address: Address,
    @Query({ schema: PageQuery }) page: PageQuery,
  ): Promise<Page<FindingAnswer>> {
    await this.answer(Number(address.id));
    return this.queries.findings(Number(address.id), page);
  }

  private async answer(verification: number): Promise<VerificationAnswer> {
    const found = await this.queries.find(verification);
    if (!found) throw notFound(`verification ${verification}`);
    return found;
  }
}

@ApiTags('integrity')
@Controller('api/v1/integrity')
export class IntegrityController {
  constructor(private readonly queries: VerificationQueries) {}

  @Get()
  @ApiOperation({ summary: 'What is withdrawn, and how far the scrub has come' })
  @ApiResponse({ status: 200, standardSchema: IntegrityAnswer })
  tell(): Promise<IntegrityAnswer> {
    return this.queries.integrity();
  }

  @Get('findings')
  @Requires('store.verify')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Everything that was found broken, the newest first' })
  @ApiResponse({ status: 200, standardSchema: FindingPage })
  findings(@Query({ schema: PageQuery }) page: PageQuery): Promise<Page<FindingAnswer>> {
    return this.queries.findings(null, page);
  }
}

const badSample = new ProblemException({
  status: 422,
  kind: 'unusable-sample',
  detail: 'A sample is a percentage above 0% and up to 100%, or a number of paths.',
});
