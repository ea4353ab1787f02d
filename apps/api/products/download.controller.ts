/**
 * `/download/ID`: the file of a build product, whole or one range of it. Cuirass's clients come to
 * this address, so that it refuses in the words that they know.
 */
import { Controller, Get, Inject, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { ProductQueries, type DownloadableFile } from '#adapters/postgres/product-queries.js';
import { PostgresProductStore } from '#adapters/postgres/product-store.js';
import type { NarStore } from '#application/ports/nar-store.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import { Accel } from '#nest/accel.js';
import { parseRange, type ByteRange } from '#nest/byte-range.js';
import { ProblemException } from '#nest/problem.js';
import { CuirassErrors, CuirassRefusal } from '../cuirass/refusals.js';
import { wholeNumber } from '../cuirass/request-parameters.js';
import { NAR_STORE } from '../farm/tokens.js';
import { dispositionOf, typeOf } from './disposition.js';

const Refused = z.object({ error: z.string() });

/** As long as Cuirass lets downloads be kept. */
const keptSeconds = 12 * 3600;

@ApiTags('builds')
@UseFilters(CuirassErrors)
@Controller('download')
export class DownloadController {
  constructor(
    private readonly products: ProductQueries,
    @Inject(NAR_STORE) private readonly nars: Pick<NarStore, 'open'>,
    private readonly wishes: PostgresProductStore,
    @Inject(Accel) private readonly accel: Accel<FileKey>,
  ) {}

  @Get(':id')
  @ApiProduces('application/octet-stream')
  @ApiResponse({ status: 200, description: 'The file', type: String })
  @ApiResponse({ status: 404, standardSchema: Refused, description: 'There is no such file' })
  @ApiResponse({ status: 416, standardSchema: Refused, description: 'It has no such bytes' })
  async download(
    @Param('id') named: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const id = wholeNumber(named);
    const file = id === null ? null : await this.products.file(String(id));
    if (id === null || !file || file.private) throw missing();
    if (isUnchanged(request, file)) {
      return void (await reply.status(304).headers(headersOf(file)).send());
    }
    const accel = this.accel.headerFor(request.headers, file.fileKey);
    // nginx knows of ranges and whether the file is there; what it shall say is told here.
    if (accel) {
      const headers = { ...headersOf(file), ...accel, 'content-type': typeOf(file.name) };
      return void (await reply.headers(headers).send());
    }
    const range = rangeOf(request, file);
    const { start, end } = range ?? { start: 0, end: file.size };
    const opened = await this.nars.open(file.fileKey, { start, end });
    if (opened?.size !== file.size) {
      await opened?.close();
      await this.wishes.giveBack(id, file.fileKey);
      throw missing();
    }
    reply.status(range ? 206 : 200).headers({
      ...headersOf(file),
      'content-type': typeOf(file.name),
      'content-length': String(end - start),
      ...(range && { 'content-range': `bytes ${start}-${end - 1}/${file.size}` }),
    });
    const wanted = request.method !== 'HEAD';
    if (!wanted) await opened.close();
    await reply.send(Readable.from(wanted ? opened.bytes : [], { objectMode: false }));
  }
}

function missing(): CuirassRefusal {
  return new CuirassRefusal(404, 'Could not find the requested build product.');
}

/** Nothing in it runs, whatever a browser takes it for. */
function headersOf(file: DownloadableFile): Record<string, string> {
  return {
    'content-disposition': dispositionOf(file.name),
    'content-security-policy': "default-src 'none'; sandbox",
    'accept-ranges': 'bytes',
    'cache-control': `public, max-age=${keptSeconds}`,
    etag: tagOf(file),
    'last-modified': file.takenAt.toUTCString(),
  };
}

function tagOf({ sha256 }: DownloadableFile): string {
  return `"${sha256}"`;
}

function isUnchanged({ headers }: FastifyRequest, file: DownloadableFile): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) {
    const known = tags.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return known.includes('*') || known.includes(tagOf(file));
  }
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return Math.floor(file.takenAt.getTime() / 1000) * 1000 <= since;
}

/** A part of what the client has another version of would not fit to it. */
function rangeOf({ headers }: FastifyRequest, file: DownloadableFile): ByteRange | null {
  const version = headers['if-range'];
  if (typeof version === 'string' && version !== tagOf(file)) return null;
  const range = parseRange(headers.range, file.size);
  if (range !== 'unsatisfiable') return range;
  throw new ProblemException({
    status: 416,
    kind: 'range',
    detail: `The file has ${file.size} bytes.`,
    headers: { 'content-range': `bytes */${file.size}` },
  });
}
