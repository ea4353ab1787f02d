/**
 * Goes through what is offered: for a verification that somebody wished for, and for the scrub that
 * never ends. Each page of paths ends with the position, so that another process goes on from it.
 */
import { FarmFault } from '#std/farm-fault.js';
import { parseFileKey, type FileKey } from '#domain/substitute/file-key.js';
import type { Finding } from './ports/integrity-store.js';
import type { NarInventory, NarStore, StoredFile } from './ports/nar-store.js';
import type { Orphans, Seen, Verification, VerificationStore } from './ports/verification-store.js';
import { verifyPaths, type VerifyParts } from './verify-paths.js';

export interface RunParts extends VerifyParts {
  readonly nars: Pick<NarStore, 'open' | 'size'>;
  readonly inventory: NarInventory;
  readonly verifications: VerificationStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Paths between two positions that are kept. */
const pageSize = 50;
const filesAtOnce = 500;
/** What was changed later may be an upload whose row is on its way. */
const orphanAgeMilliseconds = 3_600_000;
const orphansNamed = 100;
const wholeShare = 10_000;

/** Ends when all is seen, or early when `goOn` says so: then it goes on another time. */
export async function runVerification(
  parts: RunParts,
  verification: Verification,
  goOn: () => boolean,
): Promise<void> {
  const { id, repair } = verification;
  const purpose = { finder: { by: 'verification', verification: id }, repair } as const;
  let { after } = verification;
  while (goOn()) {
    const paths = await parts.ledger.offered(verification, { after, limit: pageSize });
    if (paths.length === 0) return finish(parts, { ...verification, after });
    const seen = await verifyPaths(parts, purpose, paths);
    after = paths.at(-1)!.id;
    await parts.verifications.advance(id, after, seen);
  }
}

/** One page of the scrub; false when there is nothing to do now. */
export async function scrubOnce(parts: RunParts, hoursBetween: number): Promise<boolean> {
  const after = await parts.verifications.scrub(hoursBetween);
  if (after === null) return false;
  const everything = { store: null, share: wholeShare, seed: 0 };
  const paths = await parts.ledger.offered(everything, { after, limit: pageSize });
  const seen = await verifyPaths(parts, { finder: { by: 'scrub' }, repair: true }, paths);
  await parts.verifications.advanceScrub(paths.at(-1)?.id ?? null, seen);
  return paths.length > 0;
}

async function finish(parts: RunParts, verification: Verification): Promise<void> {
  const whole = verification.store === null && verification.share === wholeShare;
  let orphans: Orphans = { files: 0, bytes: 0 };
  if (whole) {
    await checkOthers(parts, verification);
    orphans = await findOrphans(parts, verification);
  }
  await parts.verifications.end(verification.id, orphans, null);
}

/** Uploads, packs and build products whose files are not there, or have another size. */
async function checkOthers(parts: RunParts, verification: Verification): Promise<void> {
  const { ledger, nars, verifications } = parts;
  const finder = { by: 'verification', verification: verification.id } as const;
  let after = '';
  for (;;) {
    const files = await ledger.otherFiles(after, filesAtOnce);
    if (files.length === 0) return;
    after = files.at(-1)!.fileKey;
    const findings: Finding[] = [];
    for (const { fileKey, size, store, of } of files) {
      const key = parseFileKey(fileKey);
      const there = key && (await nars.size(key));
      if (there === size) continue;
      const detail = there === null ? 'there is no such file' : `expected ${size}, found ${there}`;
      findings.push({ store, path: null, fileKey, kind: `${of}-lost`, detail });
    }
    if (findings.length === 0) continue;
    await ledger.tell(finder, findings);
    const seen: Seen = { paths: 0, bytes: 0, broken: findings.length, incomplete: 0 };
    await verifications.advance(verification.id, verification.after, seen);
  }
}

/** Files that nothing names: a collector's business, and counted here. */
async function findOrphans(parts: RunParts, verification: Verification): Promise<Orphans> {
  const finder = { by: 'verification', verification: verification.id } as const;
  let orphans: Orphans = { files: 0, bytes: 0 };
  let batch: StoredFile[] = [];
  const look = async (): Promise<void> => {
    const keys = batch.map((file) => file.key);
    const unnamed = new Set<FileKey>(keys.length > 0 ? await parts.ledger.unnamed(keys) : []);
    const found = batch.filter((file) => unnamed.has(file.key));
    batch = [];
    const named = found.slice(0, Math.max(0, orphansNamed - orphans.files));
    if (named.length > 0) await parts.ledger.tell(finder, named.map(orphanFinding));
    const bytes = found.reduce((sum, file) => sum + file.size, orphans.bytes);
    orphans = { files: orphans.files + found.length, bytes };
  };
  const before = parts.now() - orphanAgeMilliseconds;
  for await (const file of parts.inventory.list()) {
    if (file.changedAt < before) batch.push(file);
    if (batch.length >= filesAtOnce) await look();
  }
  await look();
  return orphans;
}

function orphanFinding({ key, size }: StoredFile): Finding {
  const detail = `${size} bytes that nothing names`;
  return { store: 0, path: null, fileKey: key, kind: 'orphan', detail };
}

/** Whether a verification cannot go on, however often it is tried. */
export function isLasting(thrown: unknown): boolean {
  return !(thrown instanceof FarmFault) || thrown.retry === 'never';
}
