/** Writes specifications and wakes those who watch them. */
import { Inject, Injectable } from '@nestjs/common';
import { FarmFault } from '#std/farm-fault.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresStoreRegistry } from '#adapters/postgres/store-registry.js';
import type { Bus } from '#application/ports/bus.js';
import type { PollTimers } from '#application/ports/poll-timers.js';
import type {
  SpecificationStore,
  StoredSpecification,
} from '#application/ports/specification-store.js';
import type { StoreRegistry } from '#application/ports/store-registry.js';
import type { Actor } from '#domain/access/actor.js';
import { faultsOfEdit } from '#domain/access/edit-limits.js';
import type { EvaluationTrigger } from '#domain/evaluation/status.js';
import { keeperWords, mayWrite, type Writer } from '#domain/specification/keeping.js';
import { restorePassword } from '#domain/specification/password.js';
import { storeOf } from '#domain/specification/specification.js';
import { notFound, ProblemException } from '#nest/problem.js';
import type { SpecificationInput } from '#protocol/specification.js';
import { BUS, POLL_TIMERS, SPECIFICATIONS } from '../farm/tokens.js';

@Injectable()
export class SpecificationWriter {
  private readonly stores: Pick<StoreRegistry, 'ensureUntrusted'>;

  constructor(
    @Inject(SPECIFICATIONS) private readonly store: SpecificationStore,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(POLL_TIMERS) private readonly timers: PollTimers,
    database: Database,
  ) {
    this.stores = new PostgresStoreRegistry(database);
  }

  async create(input: SpecificationInput): Promise<StoredSpecification> {
    await this.prepareStore(input);
    const saved = await this.store.save(withPasswords(input, null), 0);
    if (!saved.ok) {
      throw new ProblemException({
        status: 409,
        kind: 'name-taken',
        detail: `There is a specification ${input.name} already; PUT changes it.`,
        errors: [{ pointer: '/name', detail: 'this name is taken' }],
      });
    }
    await this.wake(saved.value);
    return saved.value;
  }

  /**
   * An edit by hand: writes it whole, new or not. Refused when a file or a repository keeps it.
   */
  replace(name: string, input: SpecificationInput, edit: Edit): Promise<StoredSpecification> {
    return this.write(name, input, { ...edit, force: false });
  }

  /** Writes it whole, new or not, for whoever keeps it or edits it. */
  async write(
    name: string,
    input: SpecificationInput,
    options: WriteOptions,
  ): Promise<StoredSpecification> {
    if (input.name !== name) {
      throw new ProblemException({
        status: 422,
        kind: 'invalid-body',
        detail: 'A specification keeps its name.',
        errors: [{ pointer: '/name', detail: `must be ${name}, as in the address` }],
      });
    }
    const standing = await this.store.find(name);
    refuseUnlessKept(standing, options);
    await this.prepareStore(input);
    const document = withPasswords(input, standing);
    refuseBeyond(options.by, standing, document);
    const saved = await this.store.save(document, options.version, options.managedBy);
    if (!saved.ok) throw changedMeanwhile(saved.error.version);
    await this.wake(saved.value);
    return saved.value;
  }

  async archive(name: string, writer: Writer = { force: false }): Promise<void> {
    const standing = await this.store.find(name);
    refuseUnlessKept(standing, writer);
    if (!standing || !(await this.store.archive(name))) throw notFound(`specification ${name}`);
    await this.bus.publish('specifications', String(standing.id));
    await this.bus.publish('intents', '');
  }

  /** Looks at the channels now; refused for an unknown specification and for an inactive one. */
  async evaluate(name: string, trigger: EvaluationTrigger): Promise<StoredSpecification> {
    const standing = await this.store.find(name);
    if (!standing) throw notFound(`specification ${name}`);
    if (!standing.specification.active) {
      const detail = `The specification ${name} is inactive.`;
      throw new ProblemException({ status: 409, kind: 'inactive', detail });
    }
    await answered(this.timers.trigger({ specification: standing.id, trigger }));
    return standing;
  }

  private async prepareStore(input: SpecificationInput): Promise<void> {
    if (input.trust === 'untrusted') await this.stores.ensureUntrusted(storeOf(input));
  }

  private async wake(saved: StoredSpecification): Promise<void> {
    await this.bus.publish('specifications', String(saved.id));
    if (!saved.specification.active) return;
    // The write stands and its poll is due: a queue that is away only makes it later.
    const call = { specification: saved.id, trigger: 'edit' as const };
    await answered(this.timers.trigger(call)).catch(() => undefined);
  }
}

export interface Edit {
  /** The one that the writer has seen; null when it does not matter. */
  readonly version: number | null;
  /** Who edits; null where nothing is changed but that it is active. */
  readonly by: Actor | null;
}

export interface WriteOptions extends Writer, Edit {}

function refuseBeyond(
  by: Actor | null,
  standing: StoredSpecification | null,
  document: SpecificationInput,
): void {
  const errors = by === null ? [] : faultsOfEdit(by, standing?.specification ?? null, document);
  if (errors.length === 0) return;
  const detail = 'Whoever is bound to specifications may not change this of them.';
  throw new ProblemException({ status: 403, kind: 'forbidden', detail, errors });
}

function refuseUnlessKept(standing: StoredSpecification | null, writer: Writer): void {
  const keeper = standing?.managedBy ?? null;
  if (standing === null || keeper === null || mayWrite(keeper, writer)) return;
  throw new ProblemException({
    status: 409,
    kind: 'kept-elsewhere',
    detail:
      `The specification ${standing.name} is kept by ${keeperWords(keeper)}: change it there. ` +
      'With force=true it is changed here, until that is applied again.',
  });
}

const queueMilliseconds = 3000;

/** A queue that is away keeps its commands waiting for ever; a person does not. */
async function answered(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fault = new FarmFault('redis-unavailable', 'The queue does not answer', 'later');
    timer = setTimeout(() => reject(fault), queueMilliseconds);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function withPasswords(
  input: SpecificationInput,
  standing: StoredSpecification | null,
): SpecificationInput {
  const known = standing?.specification.channels.map((channel) => channel.url) ?? [];
  const channels = input.channels.map((channel, index) => {
    const url = restorePassword(channel.url, known);
    if (url !== null) return { ...channel, url };
    throw new ProblemException({
      status: 422,
      kind: 'invalid-body',
      detail: 'A hidden password cannot be kept, since no channel has it.',
      errors: [{ pointer: `/channels/${index}/url`, detail: 'write the password instead of ***' }],
    });
  });
  return { ...input, channels };
}

function changedMeanwhile(version: number): ProblemException {
  return new ProblemException({
    status: 412,
    kind: 'version-conflict',
    detail: `Somebody else was faster: version ${version} stands now. Read it and try again.`,
    headers: { etag: `"${version}"` },
  });
}
