/** Reads logs by lines, by phases, and by what stands in them. */
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { join } from 'node:path';
import { LogCompanions, timeOf, type ArrivalTime } from '#adapters/log-store/log-companions.js';
import { LogIndexes, type IndexedLog } from '#adapters/log-store/log-indexes.js';
import { LogSearch } from '#adapters/log-store/log-search.js';
import { readLines } from '#adapters/log-store/line-reader.js';
import type { LogKey, LogStore } from '#application/ports/log-store.js';
import { emptyIndex, linesPerBlock, type LineIndex } from '#domain/log/line-index.js';
import { parseLineRange } from '#domain/log/line-range.js';
import type { Phase } from '#domain/log/phases.js';
import { ProblemException } from '#nest/problem.js';
import type { Settings } from '#nest/settings.js';
import type {
  LinesQuery,
  LogFound,
  LogLines,
  LogPhase,
  LogPhases,
  LogSearchQuery,
} from '#protocol/api/log.js';
import { LOG_STORE, SETTINGS } from '../farm/tokens.js';
import { drawLines } from './draw-lines.js';
import type { LineReading } from './log-feed.js';
import { isExpired, type KnownLog } from './logs-of.js';
import { expressionOf } from './search-words.js';
import type { Span } from './send-log.js';

const nothing: IndexedLog = { index: emptyIndex, size: 0, lines: 0, whole: true };
/** An answer stops behind the line with which its text reaches this. */
const answerBytes = 256 * 1024;
/** Smaller logs are searched by one thread as soon. */
const halvedBytes = 8 * 1024 * 1024;

type Wanted = Pick<LinesQuery, 'from' | 'limit' | 'looks'>;
type Standing = Pick<LogLines, 'attempt' | 'total' | 'bytes' | 'ended' | 'expired'>;

@Injectable()
export class LogLibrary implements BeforeApplicationShutdown {
  private readonly companions: LogCompanions;
  private readonly indexes: LogIndexes;
  private readonly searching: LogSearch;

  constructor(
    @Inject(LOG_STORE) private readonly logs: LogStore,
    @Inject(SETTINGS) settings: Settings,
  ) {
    const directory = join(settings.dataDirectory, 'logs');
    this.companions = new LogCompanions(directory);
    this.indexes = new LogIndexes(logs, this.companions);
    this.searching = new LogSearch(directory);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.searching.close();
  }

  async lines(log: KnownLog, { from, limit, looks }: Wanted): Promise<LogLines> {
    const [known, times] = await Promise.all([this.soon(log), this.times(log)]);
    const first = from ?? Math.max(1, known.lines - limit + 1);
    const raw =
      log.key === null
        ? null
        : await readLines(
            this.logs,
            { key: log.key, known },
            { from: first, count: limit, mostBytes: answerBytes },
          );
    const lines = raw === null ? [] : drawLines(raw, { times, looks: looks === 'true' });
    const last = lines.at(-1)?.number ?? first - 1;
    return { ...standing(log, known), lines, next: last < known.lines ? last + 1 : null };
  }

  /** For pages that follow it: its lines from this number on, at most so many of the last. */
  async lastLines(key: LogKey, from: number, atMost: number): Promise<LineReading> {
    const log = { key, attempt: null, ended: false, toldBytes: 0, name: key };
    const { index, lines } = await this.indexes.soon(key);
    const first = Math.max(1, from, lines - atMost + 1);
    return {
      log: await this.lines(log, { from: first, limit: atMost, looks: 'true' }),
      phases: index.phases.length,
      errors: index.errors.length,
    };
  }

  /** Somebody looks at a log, and may search it soon. */
  expectSearch(): void {
    this.searching.expect();
  }

  /** Null while they are still looked for, which then goes on. */
  async phasesIfKnown(log: KnownLog): Promise<LogPhases | null> {
    return (await this.soon(log)).whole ? this.phases(log) : null;
  }

  /** Waits until all of the log was looked at: a second for a gigabyte. */
  async phases(log: KnownLog): Promise<LogPhases> {
    const [known, times] = await Promise.all([this.known(log), this.times(log)]);
    const { phases, errors, errorCount } = known.index;
    return {
      ...standing(log, known),
      phases: phases.map((phase) => phaseOf(phase, { log, known, times })),
      errors: [...errors],
      errorCount,
      timed: times.length > 0,
    };
  }

  /** The bytes of such lines as `120-135`; null where all are wanted. */
  async span(log: KnownLog, lines: string | undefined): Promise<Span | null> {
    const range = lines === undefined ? null : parseLineRange(lines);
    if (range === null) return null;
    const known = await this.soon(log);
    if (log.key === null || range.from > known.lines) return { start: 0, end: 0 };
    const at = async (from: number): Promise<number> => {
      if (from > known.lines) return known.size;
      const wanted = { from, count: 1, mostBytes: 1 };
      const { lines } = await readLines(this.logs, { key: log.key!, known }, wanted);
      return lines[0]?.start ?? known.size;
    };
    return { start: await at(range.from), end: await at(range.to + 1) };
  }

  async search(log: KnownLog, query: LogSearchQuery): Promise<LogFound> {
    const expression = expressionOf(query);
    const none = { lines: [], before: 0, total: 0, next: null };
    if (log.key === null) return none;
    const { cursor: after, limit } = query;
    const known = await this.soon(log);
    const halves = known.size > halvedBytes ? { middle: middleOf(known.index) } : {};
    const question = { size: known.size, ...halves, expression, after, limit };
    const answer = await this.searching.search(log.key, question);
    if (answer.kind === 'too-slow') throw tooSlow();
    if (answer.kind === 'busy') throw busy();
    const { lines, before, total } = answer;
    const more = before + lines.length < total;
    return { lines: [...lines], before, total, next: more ? String(lines.at(-1)) : null };
  }

  private known({ key }: KnownLog): Promise<IndexedLog> {
    return key === null ? Promise.resolve(nothing) : this.indexes.of(key);
  }

  private soon({ key }: KnownLog): Promise<IndexedLog> {
    return key === null ? Promise.resolve(nothing) : this.indexes.soon(key);
  }

  private times({ key }: KnownLog): Promise<readonly ArrivalTime[]> {
    return key === null ? Promise.resolve([]) : this.companions.times(key);
  }
}

/** The first line of the block in the middle. */
function middleOf({ blocks }: LineIndex): { readonly offset: number; readonly line: number } {
  const block = blocks.length >> 1;
  return { offset: blocks[block]!, line: block * linesPerBlock + 1 };
}

function standing(log: KnownLog, { lines, size }: IndexedLog): Standing {
  const { attempt, ended } = log;
  return { attempt, total: lines, bytes: size, ended, expired: isExpired(log, size) };
}

interface Around {
  readonly log: KnownLog;
  readonly known: IndexedLog;
  readonly times: readonly ArrivalTime[];
}

function phaseOf(phase: Phase, { log, known, times }: Around): LogPhase {
  const { name, from, outcome } = phase;
  const isOver = phase.toByte !== null || log.ended;
  const begun = timeOf(times, phase.fromByte);
  const over = timeOf(times, phase.toByte ?? known.size);
  const lasted = !isOver || begun === null || over === null ? null : (over - begun) / 1000;
  const to = phase.to ?? (log.ended ? known.lines : null);
  return { name, from, to, seconds: phase.seconds ?? lasted, outcome };
}

function tooSlow(): ProblemException {
  const detail = 'This expression takes too long over this log: ask for something simpler.';
  return new ProblemException({ status: 422, kind: 'search-too-slow', detail });
}

function busy(): ProblemException {
  return new ProblemException({
    status: 503,
    kind: 'busy',
    detail: 'Too many searches are under way: ask again.',
    headers: { 'retry-after': '2' },
  });
}
