/** `/api/v1/builds/ID/reproduce`: the commands that do the build again, for a POSIX shell. */
import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { id, type BuildId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { reproduceCommand } from '#views/reproduce.js';
import { BuildReader } from './build-reader.js';
import { RecipeReader } from './recipe-reader.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;

@ApiTags('builds')
@Controller('api/v1/builds')
export class ReproduceController {
  constructor(
    private readonly builds: BuildReader,
    private readonly recipes: RecipeReader,
  ) {}

  @Get(':id/reproduce')
  @Header('content-type', 'text/plain; charset=utf-8')
  @ApiProduces('text/plain')
  @ApiResponse({ status: 200, description: 'Lines for a shell', type: String })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async reproduce(@Param({ schema: byId }) address: ById): Promise<string> {
    const build = await this.builds.find(id<BuildId>(address.id));
    if (!build) throw notFound(`build ${address.id}`);
    const recipe = await this.recipes.recipeOf(build);
    const command = recipe ? reproduceCommand(recipe) : null;
    if (command === null) throw notFound(`command outside the farm for build ${address.id}`);
    return `${command}\n`;
  }
}
