/**
 * Checks offered paths, and takes back what is broken: the file goes to quarantine first, so that
 * bytes that come again are never mistaken for it, and then all paths that it held are judged.
 */
import type { FileKey } from '#domain/substitute/file-key.js';
import {
  judgeFiles,
  type BrokenFile,
  type CheckedFile,
  type Flaw,
  type Judgement,
  type PathToCheck,
} from '#domain/substitute/integrity.js';
import { checkFile, type CheckParts } from './check-file.js';
import type {
  BrokenPath,
  Finder,
  Finding,
  IntegrityStore,
  Withdrawal,
} from './ports/integrity-store.js';
import type { NarInventory } from './ports/nar-store.js';
import type { Seen } from './ports/verification-store.js';

export interface VerifyParts extends CheckParts {
  readonly ledger: IntegrityStore;
  readonly inventory: Pick<NarInventory, 'quarantine'>;
  /** Hears of everything that is found. */
  readonly announce: (sentence: string) => void;
}

export interface Purpose {
  readonly finder: Finder;
  /** Whether what is broken is taken back, or only told. */
  readonly repair: boolean;
}

export async function verifyPaths(
  parts: VerifyParts,
  purpose: Purpose,
  paths: readonly PathToCheck[],
): Promise<Seen> {
  let [bytes, broken, incomplete] = [0, 0, 0];
  for (const path of paths) {
    const judged = judgeFiles(await checkAll(parts, path, new Map()));
    bytes += path.files.reduce((sum, file) => sum + file.fileSize, 0);
    if (path.absent.length > 0) incomplete += 1;
    if (judged.kind !== 'whole') broken += 1;
    await settle(parts, purpose, { path, judged });
  }
  return { paths: paths.length, bytes, broken, incomplete };
}

/** A file was found wanting when somebody asked for it: its paths are checked and taken back. */
export async function verifySuspect(parts: VerifyParts, fileKey: string): Promise<Seen> {
  const purpose: Purpose = { finder: { by: 'serving' }, repair: true };
  return verifyPaths(parts, purpose, await parts.ledger.holding(fileKey));
}

/** `known`: files whose flaw was found before. */
async function checkAll(
  parts: CheckParts,
  path: PathToCheck,
  known: ReadonlyMap<string, Flaw>,
): Promise<CheckedFile[]> {
  const checked: CheckedFile[] = [];
  for (const file of path.files) {
    const flaw = known.get(file.fileKey) ?? (await checkFile(parts, path, file));
    checked.push({ file, flaw });
  }
  return checked;
}

interface Judged {
  readonly path: PathToCheck;
  readonly judged: Judgement;
}

async function settle(
  parts: VerifyParts,
  purpose: Purpose,
  { path, judged }: Judged,
): Promise<void> {
  const { finder, repair } = purpose;
  const dangling = path.absent.length > 0 ? [absentFinding(path)] : [];
  if (judged.kind === 'whole' || !repair) {
    const broken = judged.kind === 'whole' ? [] : findingsOf(path, judged.broken);
    return tell(parts, finder, [...broken, ...dangling]);
  }
  await tell(parts, finder, dangling);
  const flaws = new Map(judged.broken.map(({ file, flaw }) => [file.fileKey, flaw]));
  const others = await quarantine(parts, flaws);
  await takeBack(parts, finder, { path, judged });
  for (const other of others) {
    if (other.id === path.id) continue;
    const also = judgeFiles(await checkAll(parts, other, flaws));
    if (also.kind !== 'whole') await takeBack(parts, finder, { path: other, judged: also });
  }
}

/** Answers the paths that these files hold. */
async function quarantine(
  { inventory, ledger }: VerifyParts,
  flaws: ReadonlyMap<string, Flaw>,
): Promise<PathToCheck[]> {
  const paths: PathToCheck[] = [];
  for (const [key, flaw] of flaws) {
    // Its name was parsed when it was looked for; what was not found has nothing to be moved.
    if (flaw.kind !== 'file-missing') await inventory.quarantine(key as FileKey);
    paths.push(...(await ledger.holding(key)));
  }
  return paths;
}

async function takeBack(
  { ledger, announce }: VerifyParts,
  finder: Finder,
  { path, judged }: Judged,
): Promise<void> {
  if (judged.kind === 'whole') return;
  const { id } = path;
  const findings = findingsOf(path, judged.broken);
  const broken: BrokenPath = {
    id,
    path: path.path,
    findings,
    brokenFiles: judged.broken.map(({ file }) => file.fileKey),
  };
  const withdrawn = await ledger.takeBack(finder, broken);
  for (const finding of findings) announce(sentenceOfFinding(path.slug, finding));
  for (const one of withdrawn) announce(sentenceOfWithdrawal(path.slug, one));
}

async function tell(
  { ledger, announce }: VerifyParts,
  finder: Finder,
  findings: readonly Finding[],
): Promise<void> {
  if (findings.length === 0) return;
  // The scrub comes by again and again: what waits for a build is not news each time.
  if (finder.by !== 'verification' && findings.every((one) => one.kind === absentReference)) return;
  await ledger.tell(finder, findings);
  for (const { path, kind, detail } of findings) {
    if (path !== null) announce(`${path}: ${kind} (${detail})`);
  }
}

const absentReference = 'reference-absent';

function absentFinding(path: PathToCheck): Finding {
  const named = path.absent.slice(0, 5).join(', ');
  const more = path.absent.length > 5 ? ` and ${path.absent.length - 5} more` : '';
  const detail = `refers to ${named}${more}`;
  return { store: path.store, path: path.path, fileKey: null, kind: absentReference, detail };
}

function findingsOf(path: PathToCheck, broken: readonly BrokenFile[]): Finding[] {
  const { store, path: name } = path;
  if (broken.length === 0) {
    const detail = 'no file of it is known';
    return [{ store, path: name, fileKey: null, kind: 'no-file', detail }];
  }
  return broken.map(({ file: { fileKey }, flaw }) => ({ store, path: name, fileKey, ...flaw }));
}

function sentenceOfFinding(slug: string, { path, kind, detail, fileKey }: Finding): string {
  return `store ${slug}: ${path} is broken (${kind}, ${fileKey ?? 'no file'}: ${detail})`;
}

function sentenceOfWithdrawal(slug: string, { path, build }: Withdrawal): string {
  const next = build === null ? 'no build of this farm makes it' : `build ${build} makes it again`;
  return `store ${slug}: ${path} is withdrawn; ${next}`;
}
