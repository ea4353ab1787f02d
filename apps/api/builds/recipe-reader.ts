/** What it takes to do a build again, or to fetch what it made. */
import { Inject, Injectable } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { id, type EvaluationId } from '#domain/ids.js';
import type { Settings } from '#nest/settings.js';
import type { BuildAnswer } from '#protocol/api/build.js';
import type { Recipe, Source } from '#views/reproduce.js';
import { SETTINGS } from '../farm/tokens.js';

@Injectable()
export class RecipeReader {
  constructor(
    private readonly evaluations: EvaluationQueries,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** From the newest evaluation that names the build. */
  async recipeOf(build: BuildAnswer): Promise<Recipe | null> {
    const [job] = build.jobs;
    if (!job) return null;
    const read = await this.evaluations.read(id<EvaluationId>(job.evaluation));
    if (!read) return null;
    const { backend, selection, channels } = read.document;
    return {
      backend,
      selection,
      checkouts: read.checkouts,
      channels: channels.map((channel) => channel.name),
      job: job.name,
      system: build.system,
      alone: read.jobCount === 1,
      derivation: build.derivation,
      evaluation: job.evaluation,
      address: this.settings.publicUrl,
    };
  }

  async sourceOf(build: BuildAnswer): Promise<Source> {
    const key = await readFile(this.settings.publicKeyFile, 'utf8').catch(() => null);
    return {
      address: this.settings.substituterUrl,
      publicKey: key?.trim().split(/\s+/).join(' ') || null,
      storeSlug: build.store.slug,
    };
  }
}
