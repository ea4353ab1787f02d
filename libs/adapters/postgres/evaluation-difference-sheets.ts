/**
 * Sheets of evaluations, kept in memory: to read the 150,000 jobs of one takes most of a second, to
 * compare two that are there takes milliseconds. What became of builds since is asked of the feed
 * at each look, so a sheet is never older than the request that reads it. The sheets that nobody
 * looked at for longest go first.
 */
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import { joined } from '#domain/evaluation-difference/job-columns.js';
import { BuildPlaces, sheetOf, type JobSheet } from '#domain/evaluation-difference/job-sheet.js';
import { emptyWords } from '#domain/evaluation-difference/job-words.js';
import type { Link } from '#domain/evaluation-difference/root-causes.js';
import type { Database } from './database.js';
import { BuildChanges } from './evaluation-difference-feed.js';
import { readEndings, readJobs, readNames, readStandings } from './evaluation-difference-rows.js';

/** A row takes about 50 bytes with its places. */
const keptRowsAtMost = 3_000_000;
/** While sheets are kept the feed is read so often, since it reaches back a minute. */
const followMilliseconds = 10_000;
/** Then nobody looks any more, and what is kept is let go. */
const idleMilliseconds = 15 * 60_000;

export interface KeptSheet {
  readonly sheet: JobSheet;
  readonly places: BuildPlaces;
  /** Of builds that are no jobs of the sheet; with one that changes the sheet has changed. */
  readonly links: Map<number, Link>;
}

interface Entry extends KeptSheet {
  /** Jobs are added yet. */
  readonly goesOn: boolean;
}

interface Load {
  readonly entry: Promise<Entry>;
  /** Builds that changed while it was being read. */
  readonly missed: Set<number>;
}

export interface AskedSheet {
  readonly evaluation: number;
  readonly status: EvaluationStatus;
}

export class EvaluationSheets {
  /** The one that was looked at last is at the end. */
  private readonly entries = new Map<number, Entry>();
  private readonly loads = new Map<number, Load>();
  private readonly changes: BuildChanges;
  private readonly words = emptyWords();
  private following: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private lookedAt = 0;
  /** Counts what was told by the feed, and how often it was lost. */
  private told = 0;
  private lost = 0;

  constructor(private readonly database: Database) {
    this.changes = new BuildChanges(database);
  }

  /** As the evaluations stand now, in the order of `asked`; they share their words. */
  async of(asked: readonly AskedSheet[]): Promise<KeptSheet[]> {
    this.lookedAt = performance.now();
    await this.follow();
    const found = await Promise.all(asked.map((one) => this.entry(one)));
    this.letGo();
    return found;
  }

  /** How builds that are no jobs stand, and what they failed by, up to what is known by itself. */
  async linksOf(kept: KeptSheet, builds: readonly number[]): Promise<ReadonlyMap<number, Link>> {
    const { told } = this;
    const links = new Map(kept.links);
    let unknown = builds.filter((build) => !links.has(build));
    if (unknown.length === 0) return links;
    while (unknown.length > 0) {
      const standings = await readStandings(this.database, this.words, unknown);
      for (const { build, ...link } of standings) links.set(build, link);
      const next = new Set(standings.map(({ failedInput }) => failedInput));
      unknown = [...next].filter(
        (build) => build !== 0 && !links.has(build) && !kept.places.has(build),
      );
    }
    // Of what changed meanwhile nobody knows whether this is from before or after.
    if (told === this.told) for (const [build, link] of links) kept.links.set(build, link);
    return links;
  }

  close(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  /** One at a time, for all that ask meanwhile. */
  private follow(): Promise<void> {
    this.following ??= this.takeChanges().finally(() => (this.following = null));
    return this.following;
  }

  private async takeChanges(): Promise<void> {
    const builds = await this.changes.since();
    if (builds === null) return this.forget();
    if (builds.length === 0) return;
    this.told += 1;
    for (const { missed } of this.loads.values()) for (const build of builds) missed.add(build);
    const entries = [...this.entries.values()];
    for (const { links, sheet } of entries) {
      for (const build of builds) if (links.delete(build)) sheet.version += 1;
    }
    await this.renew(entries, builds);
  }

  /** The feed has a gap. */
  private forget(): void {
    this.lost += 1;
    this.entries.clear();
  }

  private async renew(entries: readonly KeptSheet[], builds: readonly number[]): Promise<void> {
    const known = builds.filter((build) => entries.some(({ places }) => places.has(build)));
    for (const standing of await readStandings(this.database, this.words, known)) {
      for (const { places } of entries) places.set(standing.build, standing);
    }
  }

  /** An evaluation that goes on is read further at each look, and once more when it has ended. */
  private async entry(asked: AskedSheet): Promise<Entry> {
    const { evaluation } = asked;
    const known = this.entries.get(evaluation);
    if (known?.goesOn === false) {
      this.entries.delete(evaluation);
      this.entries.set(evaluation, known);
      return known;
    }
    const under = this.loads.get(evaluation);
    if (under) return under.entry;
    const missed = new Set<number>();
    const entry = this.load(asked, known, missed).finally(() => this.loads.delete(evaluation));
    this.loads.set(evaluation, { entry, missed });
    return entry;
  }

  private async load(
    { evaluation, status }: AskedSheet,
    known: Entry | undefined,
    missed: Set<number>,
  ): Promise<Entry> {
    const { lost } = this;
    const goesOn = status === 'started';
    const entry = await this.readOn(evaluation, known);
    if (entry === known && goesOn) return known;
    while (missed.size > 0) {
      const builds = [...missed];
      missed.clear();
      await this.renew([entry], builds);
    }
    const read = { ...entry, goesOn };
    if (lost === this.lost) this.entries.set(evaluation, read);
    this.watch();
    return read;
  }

  /** With the jobs that came after those that are known; the known one where none did. */
  private readOn(evaluation: number, known: KeptSheet | undefined): Promise<KeptSheet> {
    const { words } = this;
    const from = { evaluation, after: known?.sheet.jobs.reduce(larger, 0) ?? 0 };
    return this.database.transaction(async (client) => {
      const jobs = await readJobs(client, words, from);
      if (known && jobs.size === 0) return known;
      await readNames(client, words, { ...from, jobs });
      const sheet = sheetOf(evaluation, known ? joined(known.sheet, jobs) : jobs, words);
      const places = new BuildPlaces(sheet);
      await readEndings(client, { ...from, words, places });
      return { sheet, places, links: known?.links ?? new Map<number, Link>() };
    });
  }

  private letGo(): void {
    let kept = 0;
    for (const { sheet } of this.entries.values()) kept += sheet.size;
    for (const [evaluation, { sheet }] of this.entries) {
      if (kept <= keptRowsAtMost || this.entries.size <= 2) return;
      this.entries.delete(evaluation);
      kept -= sheet.size;
    }
  }

  /** A failure here is of no matter: the next who looks reads the feed again. */
  private watch(): void {
    this.timer ??= setInterval(() => {
      if (performance.now() - this.lookedAt > idleMilliseconds) {
        this.forget();
        this.close();
      } else {
        this.follow().catch(() => undefined);
      }
    }, followMilliseconds).unref();
  }
}

function larger(a: number, b: number): number {
  return Math.max(a, b);
}
