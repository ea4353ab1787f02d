/** `gambeson queue`: what waits, how long already and why, what is to come, and until when. */
import { Command } from 'commander';
import { getQueue, type QueueAnswer } from '#client/generated/queue.js';
import { finishedLately, plural, relative } from '#views/words.js';
import { openFarmApi } from '../farm-options.js';
import { tell, tellsOfFarm, tellTable, type Telling } from '../tell/tell.js';

const examples = `
Examples:
  gambeson queue show
  gambeson queue show --json
  gambeson queue show --plain | cut -f 1,2`;

export function queueCommand(): Command {
  return new Command('queue')
    .description('what waits to be built, and why')
    .addHelpText('after', examples)
    .addCommand(
      tellsOfFarm(new Command('show'))
        .description('how much waits, by system, priority and reason')
        .addHelpText('after', examples)
        .action(show),
    );
}

async function show(options: Telling): Promise<void> {
  const farm = await openFarmApi(options);
  const queue = await getQueue(farm.client);
  tell(options, queue, () => words(options, queue));
}

function words(options: Telling, queue: QueueAnswer): string {
  const now = new Date();
  const systems = tellTable(
    options,
    {
      head: ['SYSTEM', 'WAITING', 'CLAIMED', 'BUILDING', 'OLDEST', 'PER HOUR', 'EMPTY'],
      rows: queue.bySystem.map((one) => [
        ...[one.system, String(one.scheduled), String(one.submitted), String(one.started)],
        one.oldestScheduledAt === null ? '' : relative(one.oldestScheduledAt, now),
        ...[hourly(queue, one.system), emptyAt(queue, one, now)],
      ]),
    },
    'Nothing waits and nothing is built.',
  );
  if (options.plain) return systems;
  const { scheduled, submitted, started } = queue;
  const waiting = `${plural(scheduled, 'build')} waiting, ${submitted + started} under way`;
  const verdict = [waiting, ...outlookLines(queue, now)].join('\n');
  const priorities = {
    head: ['SYSTEM', 'PRIORITY', 'WAITING', 'OLDEST', 'WAITS FOR'],
    rows: queue.byPriority.map((one) => [
      ...[one.system, String(one.priority), String(one.scheduled)],
      one.oldestScheduledAt === null ? '' : relative(one.oldestScheduledAt, now),
      one.reasons.map(({ reason, builds }) => `${reason} (${builds})`).join(', '),
    ]),
  };
  const reasons = {
    head: ['WAITS FOR', 'BUILDS'],
    rows: queue.byReason.map(({ reason, builds }) => [reason, String(builds)]),
  };
  const more = [priorities, reasons, comingOf(queue, now)].filter(({ rows }) => rows.length > 0);
  const tables = more.map((table) => tellTable(options, table, ''));
  return [`${verdict}\n`, systems, ...tables].join('\n');
}

type Outlook = NonNullable<QueueAnswer['outlook']>;

const phases: Readonly<Record<Outlook['evaluations']['items'][number]['phase'], string>> = {
  waiting: 'waits for an evaluator',
  reading: 'channels are read',
  registering: 'jobs come in',
};

/** Farms before it tell nothing of the kind. */
function outlookLines({ outlook }: QueueAnswer, now: Date): string[] {
  const { estimate = null, finished = null } = outlook ?? {};
  const lines: string[] = [];
  if (estimate?.emptyAt) lines.push(`estimated to be empty ${relative(estimate.emptyAt, now)}`);
  if (estimate && estimate.withoutWorker > 0) {
    lines.push(`${plural(estimate.withoutWorker, 'build')} without a worker that could build them`);
  }
  if (finished) lines.push(finishedLately(finished, now));
  return lines;
}

function comingOf({ outlook }: QueueAnswer, now: Date) {
  return {
    head: ['EVALUATION', 'OF', 'BEGAN', 'IT', 'JOBS', 'LAST TIME'],
    rows: (outlook?.evaluations.items ?? []).map((one) => [
      ...[one.id, one.specification.name, relative(one.startedAt, now), phases[one.phase]],
      ...[String(one.jobs), one.lastJobs === null ? '' : String(one.lastJobs)],
    ]),
  };
}

function hourly({ outlook }: QueueAnswer, system: string): string {
  const finished = outlook?.finished;
  if (!finished) return '';
  return String(finished.bySystem.find((row) => row.system === system)?.perHour ?? 0);
}

function emptyAt(
  { outlook }: QueueAnswer,
  { system, scheduled }: QueueAnswer['bySystem'][number],
  now: Date,
): string {
  const own = outlook?.estimate?.bySystem.find((row) => row.system === system);
  if (own?.emptyAt) return relative(own.emptyAt, now);
  return own && scheduled > 0 && own.withoutWorker === scheduled ? 'no worker' : '';
}
