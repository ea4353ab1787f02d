/** `/api/v1/stores`: what the substituter publishes, and how; for the admin. */
import { Body, Controller, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Problem } from '#protocol/api/problem.js';
import {
  StoreAnswer,
  StoreChange,
  StoreList,
  StoreRequest,
  StoreSlug,
} from '#protocol/api/store.js';
import { Requires } from '../access/requires.js';
import { Stores } from './stores.js';

const bySlug = z.object({ slug: StoreSlug });

@ApiTags('stores')
@ApiBearerAuth()
@ApiResponse({ status: 401, standardSchema: Problem })
@Controller('api/v1/stores')
export class StoresController {
  constructor(private readonly stores: Stores) {}

  @Get()
  @Requires('store.manage')
  @ApiResponse({ status: 200, standardSchema: StoreList })
  async list(): Promise<StoreList> {
    return { items: await this.stores.list() };
  }

  @Post()
  @Requires('store.manage', 'store/=slug')
  @ApiOperation({ summary: 'Add a store for pushes, or for what untrusted requests build' })
  @ApiResponse({ status: 201, standardSchema: StoreAnswer })
  @ApiResponse({ status: 409, standardSchema: Problem })
  @ApiResponse({ status: 422, standardSchema: Problem })
  add(@Body({ schema: StoreRequest }) request: StoreRequest): Promise<StoreAnswer> {
    return this.stores.add(request);
  }

  @Get(':slug')
  @Requires('store.manage')
  @ApiOperation({ summary: 'One store, and how it is published' })
  @ApiResponse({ status: 200, standardSchema: StoreAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  find(@Param({ schema: bySlug }) { slug }: z.infer<typeof bySlug>): Promise<StoreAnswer> {
    return this.stores.find(slug);
  }

  @Patch(':slug')
  @Requires('store.manage', 'store/:slug')
  @HttpCode(200)
  @ApiOperation({ summary: 'Change how a store is published; its directory and kind stay' })
  @ApiResponse({ status: 200, standardSchema: StoreAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  @ApiResponse({ status: 422, standardSchema: Problem })
  change(
    @Param({ schema: bySlug }) { slug }: z.infer<typeof bySlug>,
    @Body({ schema: StoreChange }) changes: StoreChange,
  ): Promise<StoreAnswer> {
    return this.stores.change(slug, changes);
  }
}
