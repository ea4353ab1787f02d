/** Specifications in Postgres, by Prisma: a slow, human-sized table. */
import { isDeepStrictEqual } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import { err, ok, type Result } from '#std/result.js';
import { id, type SpecificationId } from '#domain/ids.js';
import type { Specification } from '#domain/specification/specification.js';
import type {
  SpecificationStore,
  StoredSpecification,
  VersionConflict,
} from '#application/ports/specification-store.js';
import { asFault } from './database.js';
import { Prisma, PrismaClient } from './generated/client.js';
import { archiveSpecification } from './specification-archive.js';

type Transaction = Prisma.TransactionClient;
type Row = Prisma.SpecificationGetPayload<object>;

export class PostgresSpecificationStore implements SpecificationStore {
  private readonly prisma: PrismaClient;

  /** `connections` is a budget beside that of the Database; close it at the end. */
  constructor(databaseUrl: string, connections = 3) {
    const adapter = new PrismaPg({ connectionString: databaseUrl, max: connections });
    this.prisma = new PrismaClient({ adapter });
  }

  list(): Promise<StoredSpecification[]> {
    return reached(this.readAll());
  }

  private async readAll(): Promise<StoredSpecification[]> {
    const rows = await this.prisma.specification.findMany({
      where: { archivedAt: null },
      orderBy: { name: 'asc' },
    });
    const current = rows.map((row) => ({ specificationId: row.id, version: row.version }));
    const versions = await this.prisma.specificationVersion.findMany({ where: { OR: current } });
    const documents = new Map(versions.map((v) => [v.specificationId, v.document]));
    return rows.map((row) => stored(row, documents.get(row.id)));
  }

  async find(name: string): Promise<StoredSpecification | null> {
    return reached(findLive(this.prisma, name));
  }

  async save(
    specification: Specification,
    expectedVersion: number | null,
    managedBy?: string | null,
  ): Promise<Result<StoredSpecification, VersionConflict>> {
    const wish = { specification, expectedVersion, managedBy };
    try {
      return await reached(this.prisma.$transaction((tx) => save(tx, wish)));
    } catch (error) {
      // Two writers of the same name at once: the unique keys let one through.
      if ((error as { code?: string }).code !== 'P2002') throw error;
      const standing = await this.find(specification.name);
      return err({ kind: 'conflict', version: standing?.version ?? 0 });
    }
  }

  async archive(name: string): Promise<boolean> {
    const [row] = await reached(
      this.prisma.$queryRawUnsafe<{ archived: number }[]>(archiveSpecification, name),
    );
    return row?.archived === 1;
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
  }
}

/** A database that is away is the world's fault, by whichever client it was asked. */
async function reached<T>(work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    throw asFault(cause);
  });
}

async function findLive(tx: Transaction, name: string): Promise<StoredSpecification | null> {
  const row = await tx.specification.findFirst({ where: { name, archivedAt: null } });
  if (!row) return null;
  const version = await tx.specificationVersion.findUnique({
    where: { specificationId_version: { specificationId: row.id, version: row.version } },
  });
  return stored(row, version?.document);
}

interface Wish {
  readonly specification: Specification;
  readonly expectedVersion: number | null;
  readonly managedBy: string | null | undefined;
}

async function save(
  tx: Transaction,
  { specification, expectedVersion, managedBy }: Wish,
): Promise<Result<StoredSpecification, VersionConflict>> {
  const standing = await findLive(tx, specification.name);
  const version = standing?.version ?? 0;
  if (expectedVersion !== null && expectedVersion !== version) {
    return err({ kind: 'conflict', version });
  }
  const document = JSON.parse(JSON.stringify(specification)) as Prisma.InputJsonObject;
  if (!standing) {
    return ok(
      await create(tx, { name: specification.name, managedBy: managedBy ?? null }, document),
    );
  }
  if (managedBy !== undefined && managedBy !== standing.managedBy) {
    await tx.specification.update({ where: { id: BigInt(standing.id) }, data: { managedBy } });
  }
  const kept = { ...standing, managedBy: managedBy === undefined ? standing.managedBy : managedBy };
  if (isDeepStrictEqual(standing.specification, document)) return ok(kept);
  const where = { id: BigInt(standing.id), version };
  const now = new Date();
  const { count } = await tx.specification.updateMany({
    where,
    data: { version: version + 1, nextPollAt: now, updatedAt: now },
  });
  if (count === 0) return err({ kind: 'conflict', version: version + 1 });
  await tx.specificationVersion.create({
    data: { specificationId: where.id, version: version + 1, document },
  });
  return ok((await findLive(tx, specification.name)) ?? standing);
}

async function create(
  tx: Transaction,
  named: { readonly name: string; readonly managedBy: string | null },
  document: Prisma.InputJsonObject,
): Promise<StoredSpecification> {
  const row = await tx.specification.create({
    data: { ...named, version: 1, versions: { create: { version: 1, document } } },
  });
  return stored(row, document);
}

function stored(row: Row, document: unknown): StoredSpecification {
  return {
    id: id<SpecificationId>(row.id),
    name: row.name,
    version: row.version,
    specification: document as Specification,
    managedBy: row.managedBy,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
