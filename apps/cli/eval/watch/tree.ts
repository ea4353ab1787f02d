/**
 * A picture of an evaluation that is built, for a terminal: its verdict, then what failed and what
 * runs as a tree with what hangs on each, within a third of the height. Pure: `now` is an argument.
 */
import type { JobAnswer } from '#client/generated/evaluations.js';
import { plural } from '#views/words.js';
import { harmless, paint, type Look } from '../../tell/look.js';
import { shapeOf, signOf } from '../../tell/status-words.js';
import { widthOf } from '../../tell/columns.js';
import { doneOf, totalOf, verdictOf } from '../evaluation-words.js';
import type { Failure, Running, Snapshot, Waiting } from './snapshot.js';

/** A line of the tree, with what hangs on it. */
interface Branch {
  readonly status: string;
  readonly text: string;
  readonly below: readonly string[];
}

/** The lines, the last of which is the totals; none is wider than the terminal. */
export function pictureOf(snapshot: Snapshot, look: Look, now: Date): string[] {
  const room = Math.max(4, Math.floor(look.rows / 3) - 2);
  const branches = within(room, snapshot, now);
  const { id, specification } = snapshot.evaluation;
  const title = `evaluation ${id} of ${harmless(specification.name)}`;
  return [
    paint(look, 'strong', cut(title, look.columns)),
    ...branches.flatMap((branch, at) => drawn(branch, at === branches.length - 1, look)),
    cut(totals(snapshot, now), look.columns),
  ];
}

/** Failed and running are always shown, as far as there is room: the gravest failures first. */
function within(room: number, snapshot: Snapshot, now: Date): Branch[] {
  const { failures, running, waiting } = snapshot;
  const forRunning = Math.min(
    running.length,
    Math.max(room - failures.length, Math.ceil(room / 2)),
  );
  const forFailures = Math.min(failures.length, room - forRunning);
  const shown = [
    ...failures.slice(0, forFailures).map(failed),
    ...longest(running)
      .slice(0, forRunning)
      .map((one) => runs(one, now)),
  ];
  const left = room - shown.length;
  const spare = Math.max(0, left - 1);
  const withBelow = shown.map((branch, at) => (at < spare ? branch : { ...branch, below: [] }));
  const hidden = [
    ...more(failures.length - forFailures, 'failed', 'failure'),
    ...more(running.length - forRunning, 'started', 'running build'),
  ];
  return [...withBelow, ...hidden, ...(waiting === null ? [] : [waits(waiting)])];
}

function waits({ job, sentence }: Waiting): Branch {
  return { status: 'scheduled', text: `${nameOf(job)} waits: ${sentence}`, below: [] };
}

/** `libfoo x86_64-linux (build 7)`; what could not be evaluated has neither system nor build. */
function nameOf({ name, system, build }: JobAnswer): string {
  return [name, system, build === null ? '' : `(build ${build})`].filter(Boolean).join(' ');
}

function more(count: number, status: string, word: string): Branch[] {
  return count > 0 ? [{ status, text: `… and ${plural(count, `more ${word}`)}`, below: [] }] : [];
}

function longest(running: readonly Running[]): Running[] {
  return running.toSorted((a, b) => (a.startedAt ?? '9').localeCompare(b.startedAt ?? '9'));
}

function failed({ job, blocks, examples }: Failure): Branch {
  const why = job.error?.split('\n')[0] ?? job.reason ?? '';
  const text = `${nameOf(job)} ${job.status}${why === '' ? '' : `: ${why}`}`;
  const names = examples.slice(0, 3).join(', ');
  const below = blocks === 0 ? [] : [`blocks ${plural(blocks, 'job')}: ${names}`];
  return { status: job.status, text, below };
}

function runs({ job, startedAt, averageSeconds, worker, dependents }: Running, now: Date): Branch {
  const time =
    startedAt === null ? '' : ` ${clock((now.getTime() - Date.parse(startedAt)) / 1000)}`;
  const usual = averageSeconds === null ? '' : ` of about ${clock(averageSeconds)}`;
  const where = worker === null ? '' : ` on ${worker}`;
  const waits = dependents.length === 0 ? [] : [`${dependents.join(', ')} wait for it`];
  const text = `${job.name} ${job.system}${time}${usual}${where}`;
  return { status: 'started', text, below: waits };
}

/** `0:07`, `12:34`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (number: number): string => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tail = two(whole % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}

function drawn({ status, text, below }: Branch, last: boolean, look: Look): string[] {
  const [fork, end, bar] = look.shapes ? ['├─ ', '└─ ', '│  '] : ['+- ', '`- ', '|  '];
  const { tone } = signOf(status);
  const line = `${last ? end : fork}${shapeOf(look, status)} ${harmless(text)}`;
  const stem = last ? '   ' : bar;
  return [
    paint(look, tone, cut(line, look.columns)),
    ...below.map((one) => paint(look, 'quiet', cut(`${stem}${end}${harmless(one)}`, look.columns))),
  ];
}

function totals({ evaluation }: Snapshot, now: Date): string {
  const { jobs } = evaluation;
  return `${doneOf(jobs)} of ${totalOf(jobs)} done; ${verdictOf(evaluation, now)}`;
}

function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = text;
  while (widthOf(kept) >= columns) kept = kept.slice(0, -1);
  return `${kept}…`;
}
