/** `gambeson notification`: what was told to whom, and whether they can be told at all. */
import { setTimeout as pause } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  getNotification,
  listNotifications,
  resendNotification,
  testNotification,
  type NotificationAnswer,
  type NotificationDetail,
} from '#client/generated/notifications.js';
import { notificationStates } from '#protocol/api/notification.js';
import { exitCodes } from '../exit-codes.js';
import type { FarmApi } from '../farm-api.js';
import { ofFarm, openFarmApi, type FarmOptions } from '../farm-options.js';
import { plainTable } from '../tell/columns.js';
import { tell } from '../tell/tell.js';

const examples = `
Examples:
  gambeson notification list --state given-up
  gambeson notification show 7
  gambeson notification test packages
  gambeson notification resend 7

A specification names its receivers: e-mail addresses and webhooks. They are told when a build
breaks and when it is fixed, and at no other time. Whom the farm cannot reach it tries again for
three days; what it then gives up is kept in the list for ninety.`;

export function notificationCommand(): Command {
  return new Command('notification')
    .description('who is told of builds that break, and what they answered')
    .addHelpText('after', examples)
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(testCommand())
    .addCommand(resendCommand());
}

interface ListOptions extends FarmOptions {
  readonly specification?: string;
  readonly state?: NotificationAnswer['state'];
  readonly limit: number;
}

function listCommand(): Command {
  return ofFarm(new Command('list'))
    .description('messages, newest first')
    .option('--specification <name>', 'those of this one alone')
    .addOption(new Option('--state <state>', 'those that are so').choices(notificationStates))
    .option('--limit <n>', 'how many', countOf, 50)
    .action(async (options: ListOptions) => {
      const { specification, state, limit } = options;
      const query = { limit, ...(specification && { specification }), ...(state && { state }) };
      const farm = await openFarmApi(options);
      const list = await listNotifications(farm.client, { query });
      const head = ['ID', 'SPECIFICATION', 'EVALUATION', 'RECEIVER', 'JOBS', 'STATE', 'ANSWER'];
      tell(options, list, () => plainTable(head, list.items.map(rowOf)));
    });
}

function showCommand(): Command {
  return ofFarm(new Command('show'))
    .description('one message, with every try')
    .argument('<id>', 'as "list" tells it')
    .action(async (id: string, options: FarmOptions) => {
      const shown = await one(await openFarmApi(options), id);
      tell(options, shown, () => detailOf(shown));
    });
}

interface TestOptions extends FarmOptions {
  readonly wait: number;
}

function testCommand(): Command {
  return ofFarm(new Command('test'))
    .description('tell every receiver of a specification that this is a trial')
    .argument('<specification>', 'its name')
    .option('--wait <seconds>', 'how long to wait for their answers', countOf, 30)
    .action(async (specification: string, options: TestOptions) => {
      const farm = await openFarmApi(options);
      const begun = await testNotification(farm.client, { body: { specification } });
      const ended = await firstAnswers(farm, begun.items, options.wait);
      tell(options, { items: ended }, () => ended.map(lineOf).join(''));
      if (ended.some(({ state }) => state !== 'delivered')) process.exitCode = exitCodes.unwell;
    });
}

function resendCommand(): Command {
  return ofFarm(new Command('resend'))
    .description('send it now, as if it had never been tried')
    .argument('<id>', 'as "list" tells it')
    .action(async (id: string, options: FarmOptions) => {
      const farm = await openFarmApi(options);
      const again = await resendNotification(farm.client, { path: { id } });
      tell(options, again, () => lineOf(again));
    });
}

const lookMilliseconds = 250;

/** Looks until each was tried once, or time is up. */
async function firstAnswers(
  farm: FarmApi,
  begun: readonly NotificationAnswer[],
  seconds: number,
): Promise<NotificationDetail[]> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const now = await Promise.all(begun.map(({ id }) => one(farm, id)));
    if (now.every(({ tries }) => tries.length > 0) || performance.now() > end) return now;
    await pause(lookMilliseconds);
  }
}

function one(farm: FarmApi, id: string): Promise<NotificationDetail> {
  return getNotification(farm.client, { path: { id } });
}

function rowOf(message: NotificationAnswer): string[] {
  const { id, specification, evaluation, receiver, changes, state, lastAnswer } = message;
  return [
    ...[id, specification, evaluation ?? 'trial', receiver, String(changes), state],
    (lastAnswer ?? '').slice(0, 60),
  ];
}

function lineOf({ receiver, state, lastAnswer }: NotificationAnswer): string {
  const good = state === 'delivered' ? 'ok    ' : 'failed';
  return `${good}  ${receiver}: ${lastAnswer ?? 'nothing was sent yet'}\n`;
}

function detailOf(message: NotificationDetail): string {
  const { id, specification, evaluation, receiver, state, told, tries, nextTryAt } = message;
  return [
    `${id}  ${receiver}  ${state}${nextTryAt === null ? '' : `, next try ${nextTryAt}`}`,
    `of ${specification}${evaluation === null ? ', a trial' : `, evaluation ${evaluation}`}`,
    ...told.map(({ job, system, status, build }) => `  ${job} (${system}) ${status}: ${build}`),
    ...tries.map((t) => `  try ${t.number} at ${t.triedAt}, ${t.milliseconds} ms: ${t.answer}`),
    '',
  ].join('\n');
}

function countOf(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It is no number.');
  return number;
}
