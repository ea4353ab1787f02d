/** The first page. */
import { Controller, Get, Header, Query, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { z } from 'zod';
import { homePage } from '#views/home.js';
import { HomeReader } from './home-reader.js';
import { Notices } from './notices.js';

const HomeQuery = z.object({ name: z.string().max(63).default('') });

@ApiExcludeController()
@UseInterceptors(Notices)
@Controller()
export class HomeController {
  constructor(private readonly reader: HomeReader) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  async home(@Query({ schema: HomeQuery }) { name }: z.infer<typeof HomeQuery>): Promise<string> {
    return homePage(await this.reader.read(name));
  }
}
