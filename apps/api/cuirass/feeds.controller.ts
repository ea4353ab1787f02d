/** What broke and what was mended, as RSS at Cuirass's address, and as Atom beside it. */
import { Controller, Get, Inject, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CuirassChanges } from '#adapters/postgres/cuirass-changes.js';
import { Database } from '#adapters/postgres/database.js';
import { changeSentence, type WeatherChange } from '#domain/notification/change.js';
import {
  atomType,
  printAtom,
  printRss,
  rssType,
  type Feed,
  type FeedEntry,
} from '#domain/notification/feed.js';
import type { Settings } from '#nest/settings.js';
import { SETTINGS } from '../farm/tokens.js';
import { filtersOf } from './lists.controller.js';
import { CuirassErrors } from './refusals.js';
import { RequestParameters } from './request-parameters.js';

const entriesAtMost = 100;

@ApiExcludeController()
@UseFilters(CuirassErrors)
@Controller()
export class CuirassFeedsController {
  private readonly changes: CuirassChanges;

  constructor(
    database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.changes = new CuirassChanges(database);
  }

  @Get('events/rss')
  async rss(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { feed, changes } = await this.read(request);
    // Cuirass's readers know an entry by the address of the build.
    const entries = changes.map((change) => this.entry(change));
    await reply.type(rssType).header('cache-control', 'no-cache').send(printRss(feed, entries));
  }

  @Get('events/atom')
  async atom(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { feed, changes } = await this.read(request);
    const entries = changes.map((change) => {
      const entry = this.entry(change);
      return { ...entry, id: `${entry.url}#change-${change.id}` };
    });
    await reply.type(atomType).header('cache-control', 'no-cache').send(printAtom(feed, entries));
  }

  private async read(
    request: FastifyRequest,
  ): Promise<{ feed: Feed; changes: readonly WeatherChange[] }> {
    const parameters = new RequestParameters(request);
    const filters = filtersOf(parameters);
    const specification = parameters.text('specification') ?? filters.specification;
    const { job, system, evaluation } = filters;
    const wanted = { specification, job, system, evaluation };
    const changes = await this.changes.newest(wanted, entriesAtMost);
    const { publicUrl } = this.settings;
    const of =
      specification === undefined ? 'all specifications' : `specification ${specification}`;
    const feed = {
      title: 'Build events of Gambeson',
      description: `Build events for ${of}.`,
      selfUrl: `${publicUrl}${request.url}`,
      siteUrl: `${publicUrl}/`,
      emptySince: new Date(0),
    };
    return { feed, changes };
  }

  private entry(change: WeatherChange): FeedEntry {
    const { job, specification, kind, build, at } = change;
    return {
      title: changeSentence(change),
      url: `${this.settings.publicUrl}/build/${build}/details`,
      at,
      summary: `The build ${job} for specification ${specification} is ${kind}.`,
    };
  }
}
