/** One system's jobs, read by our program under the Guix of a profile. */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import type { CiSelection } from '#domain/evaluation/guix-job.js';
import type { EvaluationEvent, EvaluationRequest } from '#application/ports/backend.js';
import { readGuixEvent, type GuixEvent } from './guix-events.js';
import type { GuixPlace } from './guix-place.js';
import { ourProgram, type Bounds, type GuixRun } from './guix-process.js';
import { printRequest } from './request-file.js';
import { newMark, runTelling } from './told.js';

export interface SystemReading {
  readonly request: EvaluationRequest;
  readonly selection: CiSelection;
  readonly system: string;
  /** A store path. */
  readonly profile: string;
  /** A directory for roots that this evaluation may write. */
  readonly roots: string;
  readonly bounds: Bounds;
}

const requestInside = '/request';
/** More jobs than Guix has packages, variants and targets, several times over. */
const mostJobs = 1_000_000;

/** Throws FarmFault when the system cannot be read to its end. */
export async function* readSystem(
  place: GuixPlace,
  reading: SystemReading,
): AsyncGenerator<EvaluationEvent, void, undefined> {
  const { system } = reading;
  const mark = newMark();
  const what = `reading the jobs for ${system}`;
  let jobs = 0;
  let done = false;
  const run = await runOf(reading, mark);
  for await (const told of runTelling(place, run, { mark, what })) {
    if (told.kind === 'log') yield told;
    else {
      const event = readGuixEvent(told.json);
      if (event.kind === 'failed') throw faultOf(event);
      if (event.kind === 'done') done = true;
      if (event.kind === 'progress') yield progressLine(system, event);
      if (event.kind !== 'job' && event.kind !== 'job-error') continue;
      yield event;
      jobs++;
      if (jobs < mostJobs) continue;
      throw new FarmFault('evaluator-failed', `more than ${mostJobs} jobs for ${system}`, 'never');
    }
  }
  if (done) return;
  const sentence = `the evaluator ended before all was told: ${what}`;
  throw new FarmFault('evaluator-failed', sentence, 'never');
}

async function runOf(reading: SystemReading, mark: string): Promise<GuixRun> {
  const { request, selection, system, profile, roots, bounds } = reading;
  const directory = join(request.workDirectory, `request-${system}`);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const text = printRequest({
    selection,
    system,
    channels: request.channels,
    directoryOf: checkoutInside,
  });
  await writeFile(join(directory, 'request.scm'), text);
  const told = [mark, `${requestInside}/request.scm`, join(roots, system)];
  return {
    program: `${profile}/bin/guix`,
    words: ourProgram('evaluate', told),
    shown: new Map([[requestInside, directory], ...checkoutsShown(request)]),
    lent: new Map([[roots, roots]]),
    bounds,
  };
}

/** Where the sandbox shows the files of a channel. */
export function checkoutInside(channel: string): string {
  return `/checkouts/${channel}`;
}

export function checkoutsShown({ checkouts }: EvaluationRequest): [string, string][] {
  return [...checkouts].map(([name, path]) => [checkoutInside(name), path]);
}

/** The path inside of a file of the first channel that has it, as `(gnu ci)` looks; or null. */
export async function fileInside(
  { checkouts }: EvaluationRequest,
  path: string,
): Promise<string | null> {
  for (const [name, directory] of checkouts) {
    const found = await stat(join(directory, path)).catch(() => null);
    if (found?.isFile() === true) return `${checkoutInside(name)}/${path}`;
  }
  return null;
}

function faultOf({ words, connection }: Extract<GuixEvent, { kind: 'failed' }>): FarmFault {
  return connection
    ? new FarmFault('program-failed', `the Guix daemon does not answer: ${words}`, 'later')
    : new FarmFault('evaluator-failed', words, 'never');
}

function progressLine(
  system: string,
  { made, heap }: Extract<GuixEvent, { kind: 'progress' }>,
): EvaluationEvent {
  const mebibytes = Math.round(heap / 2 ** 20);
  const line = `${made} derivations for ${system} (heap: ${mebibytes} MiB)\n`;
  return { kind: 'log', bytes: new TextEncoder().encode(line) };
}
