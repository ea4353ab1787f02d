/** `gambeson queue`: what waits, how long already, and why. */
import { Command } from 'commander';
import { getQueue, type QueueAnswer } from '#client/generated/queue.js';
import { plural, relative } from '#views/words.js';
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
      head: ['SYSTEM', 'WAITING', 'CLAIMED', 'BUILDING', 'OLDEST'],
      rows: queue.bySystem.map((one) => [
        ...[one.system, String(one.scheduled), String(one.submitted), String(one.started)],
        one.oldestScheduledAt === null ? '' : relative(one.oldestScheduledAt, now),
      ]),
    },
    'Nothing waits and nothing is built.',
  );
  if (options.plain) return systems;
  const { scheduled, submitted, started } = queue;
  const verdict = `${plural(scheduled, 'build')} waiting, ${submitted + started} under way`;
  if (queue.byReason.length === 0) return `${verdict}\n\n${systems}`;
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
  const more = [priorities, reasons].filter(({ rows }) => rows.length > 0);
  const tables = more.map((table) => tellTable(options, table, ''));
  return [`${verdict}\n`, systems, ...tables].join('\n');
}
