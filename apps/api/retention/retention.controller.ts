/** Pins, releases and collections of garbage below `/api/v1`; reading is free. */
import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { notFound } from '#nest/problem.js';
import { Id, pageOf, PageQuery, type Page } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import {
  CollectionAnswer,
  CollectionRequest,
  FarmAnswer,
  PinAnswer,
  PinRequest,
  ReleaseAnswer,
  ReleaseRequest,
  ReleasesQuery,
} from '#protocol/api/retention.js';
import { Requires } from '../access/requires.js';
import { Retention } from './retention.js';

const byId = z.object({ id: Id });
type Address = z.infer<typeof byId>;
const Pins = z.object({ items: z.array(PinAnswer) });
const Releases = z.object({ items: z.array(ReleaseAnswer) });
const Collections = pageOf(CollectionAnswer);
/** A request without a body asks for what is usual. */
const CollectionBody = z.preprocess((body) => body ?? {}, CollectionRequest);

@ApiTags('retention')
@Controller('api/v1/pins')
export class PinsController {
  constructor(private readonly retention: Retention) {}

  @Get()
  @ApiResponse({ status: 200, standardSchema: Pins })
  async list(): Promise<z.infer<typeof Pins>> {
    return { items: await this.retention.pins.list() };
  }

  @Post()
  @Requires('retention.manage', 'pin/=path')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Keep an offered path, with all that it needs, whatever its age' })
  @ApiResponse({ status: 201, standardSchema: Pins })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async add(@Body({ schema: PinRequest }) request: PinRequest): Promise<z.infer<typeof Pins>> {
    return { items: await this.retention.pin(request) };
  }

  @Delete(':id')
  @Requires('retention.manage', 'pin/:id')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiResponse({ status: 404, standardSchema: Problem })
  async remove(@Param({ schema: byId }) { id }: Address): Promise<void> {
    if (!(await this.retention.pins.remove(Number(id)))) throw notFound(`pin ${id}`);
  }
}

@ApiTags('retention')
@Controller('api/v1/releases')
export class ReleasesController {
  constructor(private readonly retention: Retention) {}

  @Get()
  @ApiOperation({ summary: 'The newest first; expired ones stay as history' })
  @ApiResponse({ status: 200, standardSchema: Releases })
  async list(
    @Query({ schema: ReleasesQuery }) { name }: z.infer<typeof ReleasesQuery>,
  ): Promise<z.infer<typeof Releases>> {
    return { items: await this.retention.releases.list(name ?? null) };
  }

  @Post()
  @Requires('retention.manage', 'release/=name')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Keep an evaluation, with all that its jobs lead to, under a name' })
  @ApiResponse({ status: 201, standardSchema: ReleaseAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  @ApiResponse({ status: 409, standardSchema: Problem })
  create(@Body({ schema: ReleaseRequest }) request: ReleaseRequest): Promise<ReleaseAnswer> {
    return this.retention.release(request);
  }

  @Delete(':id')
  @Requires('retention.manage', 'release/:id')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiResponse({ status: 404, standardSchema: Problem })
  async remove(@Param({ schema: byId }) { id }: Address): Promise<void> {
    if (!(await this.retention.releases.remove(Number(id)))) throw notFound(`release ${id}`);
  }
}

@ApiTags('retention')
@Controller('api/v1/collections')
export class CollectionsController {
  constructor(private readonly retention: Retention) {}

  @Get()
  @ApiResponse({ status: 200, standardSchema: Collections })
  list(@Query({ schema: PageQuery }) query: PageQuery): Promise<Page<CollectionAnswer>> {
    return this.retention.collections.list(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'How far a collection of garbage has come' })
  @ApiResponse({ status: 200, standardSchema: CollectionAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async find(@Param({ schema: byId }) { id }: Address): Promise<CollectionAnswer> {
    const found = await this.retention.collections.find(Number(id));
    if (!found) throw notFound(`collection ${id}`);
    return found;
  }

  @Post()
  @Requires('garbage.collect', 'collection')
  @HttpCode(202)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Collect garbage, or say what would go' })
  @ApiResponse({ status: 202, standardSchema: CollectionAnswer })
  wish(@Body({ schema: CollectionBody }) request: CollectionRequest): Promise<CollectionAnswer> {
    return this.retention.collect(request);
  }
}

@ApiTags('farm')
@Controller('api/v1/farm')
export class FarmController {
  constructor(private readonly retention: Retention) {}

  @Get()
  @ApiOperation({ summary: 'What the farm holds back for want of room' })
  @ApiResponse({ status: 200, standardSchema: FarmAnswer })
  farm(): Promise<FarmAnswer> {
    return this.retention.farm();
  }
}
