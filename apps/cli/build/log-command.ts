/**
 * `gambeson build log`: the log of a build's attempt, to its end, its last lines, or live until the
 * build is over. On a terminal control characters other than colours are taken out of it; elsewhere
 * it is passed on as it is.
 */
import { Command, InvalidArgumentError } from 'commander';
import { getBuildLog } from '#client/generated/builds.js';
import { Refused } from '#client/refused.js';
import { ofFarm, type FarmOptions } from '../farm-options.js';
import { findBuild, type Target } from '../farm-targets.js';
import { lookOf } from '../tell/look.js';
import { writeOut } from '../tell/write-out.js';
import { followLog } from './follow-log.js';
import { LogText } from './log-text.js';

interface LogOptions extends FarmOptions {
  readonly follow: boolean;
  readonly attempt?: string;
  readonly tail?: number;
  readonly color: boolean;
}

const examples = `
Examples:
  gambeson build log 7
  gambeson build log 7 --tail 30
  gambeson build log https://ci.example.org/builds/7/log?attempt=9
  gambeson build log 7 --follow     ends with the build; exit status 1 when it failed`;

/** What of its end is read for the last lines; the limit of `--tail` is far below. */
const tailBytes = 1024 * 1024;

export function logCommand(): Command {
  return ofFarm(new Command('log'))
    .description('its log; with --follow until it is over')
    .argument('<build>', 'an id, address, or package (its newest build)')
    .option('-f, --follow', 'go on while it grows; exit status 1 when the build fails', false)
    .option('--attempt <id>', 'of this attempt; else of the last')
    .option('--tail <lines>', 'only so many lines from its end', linesOf)
    .option('--no-color', 'without the colours of the log, as NO_COLOR in the environment')
    .addHelpText('after', examples)
    .action(async (text: string, options: LogOptions) => {
      const found = await findBuild(text, options);
      const target = { ...found, attempt: options.attempt ?? found.attempt };
      const shown = new LogText(lookOf(process.stdout, process.env, options));
      if (!options.follow) await tellLog(target, options.tail, shown);
      else if (options.tail === undefined) await followLog(target, 0, shown);
      else await followLog(target, await tellLog(target, options.tail, shown), shown);
    });
}

/** Answers how many bytes the log had. */
async function tellLog(target: Target, tail: number | undefined, shown: LogText): Promise<number> {
  const answer = await request(target, tail === undefined ? null : `bytes=-${tailBytes}`);
  if (answer === null) return 0;
  const decoder = new TextDecoder();
  const parts: string[] = [];
  for await (const bytes of answer.body ?? []) {
    const part = decoder.decode(bytes as Uint8Array, { stream: true });
    if (tail === undefined) await writeOut(shown.shown(part));
    else parts.push(part);
  }
  if (tail !== undefined) await writeOut(shown.shown(lastLines(parts.join(''), tail)));
  const whole = answer.headers.get('content-range') ?? answer.headers.get('content-length') ?? '0';
  return Number(whole.slice(whole.lastIndexOf('/') + 1));
}

/** Null when the log has no byte yet, of which no range can be had. */
async function request(target: Target, range: string | null): Promise<Response | null> {
  const { farm, id, attempt } = target;
  const query = attempt === undefined ? {} : { query: { attempt } };
  const input = { path: { id }, ...query, ...(range !== null && { range }) };
  return getBuildLog(farm.client, input).catch((error: unknown) => {
    if (error instanceof Refused && error.status === 416) return null;
    throw error;
  });
}

function lastLines(text: string, count: number): string {
  const lines = text.split('\n');
  return lines.slice(-count - (lines.at(-1) === '' ? 1 : 0)).join('\n');
}

function linesOf(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number <= 10_000) return number;
  throw new InvalidArgumentError('a number of lines, at most 10000.');
}
