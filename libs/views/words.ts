/** Numbers, times and sizes as people read them. Pure: `now` is an argument. */
import type { JobCounts, JobStatus } from '#protocol/api/evaluation.js';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** `5 s`, `3 min 12 s`, `2 h 5 min`, `4 d 3 h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < minute) return `${whole} s`;
  if (whole < hour) return two(whole, [minute, 'min'], [1, 's']);
  if (whole < day) return two(whole, [hour, 'h'], [minute, 'min']);
  return two(whole, [day, 'd'], [hour, 'h']);
}

type Unit = readonly [seconds: number, word: string];

function two(seconds: number, [big, bigWord]: Unit, [small, smallWord]: Unit): string {
  const rest = Math.floor((seconds % big) / small);
  const first = `${Math.floor(seconds / big)} ${bigWord}`;
  return rest === 0 ? first : `${first} ${rest} ${smallWord}`;
}

export function secondsBetween(from: string, to: string | Date): number {
  return (new Date(to).getTime() - new Date(from).getTime()) / 1000;
}

/** `3 min ago`, `in 2 h`; the larger unit only. */
export function relative(time: string, now: Date): string {
  const seconds = secondsBetween(time, now);
  const size = Math.abs(seconds);
  if (size < 5) return 'now';
  const text = duration(size < minute ? size : size - (size % unitOf(size)));
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

function unitOf(seconds: number): number {
  if (seconds < hour) return minute;
  return seconds < day ? hour : day;
}

export function plainTime(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;
}

/** Binary units, as `du -h` has them. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = count;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** Groups of three, with a narrow space, as ISO 31-0 has it. */
export function count(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** `99.1 %`: never 100 before all of it is there. */
export function percent(part: number, whole: number): string {
  const tenths = whole === 0 ? 0 : Math.floor((1000 * part) / whole);
  return tenths === 1000 ? '100 %' : `${(tenths / 10).toFixed(1)} %`;
}

export function plural(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? '' : 's'}`;
}

const told: readonly (readonly [(n: number) => string, readonly JobStatus[]])[] = [
  [(n) => `${count(n)} failed`, ['failed']],
  [(n) => `${count(n)} failed by an input`, ['failed-dependency']],
  [(n) => `${count(n)} lost by the farm`, ['failed-other']],
  [(n) => `${count(n)} could not be evaluated`, ['error']],
  [(n) => `${count(n)} canceled`, ['canceled']],
  [(n) => `${count(n)} building`, ['started', 'submitted']],
  [(n) => `${count(n)} waiting`, ['scheduled']],
];

/** The verdict of an evaluation's jobs in one line: `57 of 60 succeeded, 2 failed, 1 waiting`. */
export function verdict(jobs: JobCounts): string {
  const total = Object.values(jobs).reduce((sum, n) => sum + n, 0);
  if (total === 0) return 'No jobs';
  const succeeded = jobs.succeeded ?? 0;
  if (succeeded === total)
    return total === 1 ? 'The job succeeded' : `All ${count(total)} succeeded`;
  const parts = told.flatMap(([say, statuses]) => {
    const number = statuses.reduce((sum, status) => sum + (jobs[status] ?? 0), 0);
    return number === 0 ? [] : [say(number)];
  });
  return [`${count(succeeded)} of ${count(total)} succeeded`, ...parts].join(', ');
}

/** So much of what somebody else named or wrote; nobody's name has that many letters. */
export function clipped(text: string, letters = 200): string {
  return text.length <= letters ? text : `${text.slice(0, letters - 1).toWellFormed()}…`;
}

/** What could not be evaluated may be for no system that anybody knows. */
export function systemWord(system: string): string {
  return system === '' ? 'not known' : system;
}

export function hasJobs(jobs: JobCounts): boolean {
  return Object.values(jobs).some((number) => number > 0);
}

export function isSettled(jobs: JobCounts): boolean {
  return !jobs.scheduled && !jobs.submitted && !jobs.started;
}

interface Finished {
  readonly since: string;
  readonly builds: number;
  readonly perHour: number;
}

const almostAnHour = 3590;

/** `12 builds finished in the last hour`; of a shorter time also how many that makes in an hour. */
export function finishedLately({ since, builds, perHour }: Finished, now: Date): string {
  const seconds = secondsBetween(since, now);
  const finished = `${plural(builds, 'build')} finished in the last`;
  if (seconds > almostAnHour) return `${finished} hour`;
  return `${finished} ${duration(seconds)}, ${count(perHour)} an hour`;
}
