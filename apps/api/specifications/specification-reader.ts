/**
 * Puts together what the API tells of specifications: document, channel states, last evaluation.
 */
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import { PostgresFollowedRepositories } from '#adapters/postgres/followed-repositories.js';
import { SpecificationQueries } from '#adapters/postgres/specification-queries.js';
import type {
  SpecificationStore,
  StoredSpecification,
} from '#application/ports/specification-store.js';
import { withoutPasswords } from '#domain/specification/password.js';
import type { RepositoryAnswer } from '#protocol/api/repository.js';
import type { SpecificationAnswer } from '#protocol/api/specification.js';
import { SpecificationInput } from '#protocol/specification.js';
import { SPECIFICATIONS } from '../farm/tokens.js';

@Injectable()
export class SpecificationReader {
  private readonly repositories: PostgresFollowedRepositories;

  constructor(
    @Inject(SPECIFICATIONS) private readonly store: SpecificationStore,
    private readonly queries: SpecificationQueries,
    private readonly evaluations: EvaluationQueries,
    database: Database,
  ) {
    this.repositories = new PostgresFollowedRepositories(database);
  }

  async list(): Promise<SpecificationAnswer[]> {
    return this.answers(await this.store.list());
  }

  async find(name: string): Promise<SpecificationAnswer | null> {
    const stored = await this.store.find(name);
    return stored ? this.answer(stored) : null;
  }

  async answer(stored: StoredSpecification): Promise<SpecificationAnswer> {
    return (await this.answers([stored]))[0]!;
  }

  /** By what `managedBy` says. */
  private async repositoriesOf(
    stored: readonly StoredSpecification[],
  ): Promise<ReadonlyMap<string, RepositoryAnswer>> {
    if (!stored.some(({ managedBy }) => managedBy?.startsWith('repository:'))) return new Map();
    const all = await this.repositories.list();
    return new Map(all.map((one) => [`repository:${one.name}`, one]));
  }

  private async answers(stored: readonly StoredSpecification[]): Promise<SpecificationAnswer[]> {
    const ids = stored.map((one) => one.id);
    const [watched, last, repositories] = await Promise.all([
      this.queries.watched(ids),
      this.evaluations.lastOf(ids),
      this.repositoriesOf(stored),
    ]);
    return stored.map((one) => ({
      id: String(one.id),
      name: one.name,
      version: one.version,
      specification: wholeOf(one.specification),
      managedBy: one.managedBy,
      repository: repositories.get(one.managedBy ?? '') ?? null,
      channels: [...(watched.get(one.id)?.channels ?? [])],
      nextPollAt: one.specification.active ? (watched.get(one.id)?.nextPollAt ?? null) : null,
      lastEvaluation: last.get(one.id) ?? null,
      createdAt: one.createdAt.toISOString(),
      updatedAt: one.updatedAt.toISOString(),
    }));
  }
}

/** What was written before a field was known has it, too, as it stands when nobody says. */
function wholeOf(stored: StoredSpecification['specification']): SpecificationInput {
  const shown = withoutPasswords(stored);
  const whole = SpecificationInput.safeParse(shown);
  return whole.success ? whole.data : (shown as SpecificationInput);
}
