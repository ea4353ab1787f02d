/** `/api/v1/use`, and the page `/use`: how clients fetch what the farm has built. */
import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { UseAnswer } from '#protocol/api/use.js';
import { usePage } from '#views/use.js';
import { UseReader } from './use-reader.js';

@ApiTags('substitutes')
@Controller()
export class UseController {
  constructor(private readonly reader: UseReader) {}

  @Get('api/v1/use')
  @ApiOperation({ summary: 'Addresses, keys and ready lines for the clients of each store' })
  @ApiResponse({ status: 200, standardSchema: UseAnswer })
  read(): Promise<UseAnswer> {
    return this.reader.read();
  }

  @Get('use')
  @ApiExcludeEndpoint()
  @Header('content-type', 'text/html; charset=utf-8')
  async page(): Promise<string> {
    return usePage(await this.reader.read(), new Date());
  }
}
