/**
 * Does what forges told. A reconciler over the rows that wait: each delivery may be begun again at
 * any step, since every step looks first at what stands. Run it in one process at a time.
 */
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import type { PushEvent } from '#domain/forge/forge-event.js';
import { movedChannel } from '#domain/forge/request-specification.js';
import type { PushedRepositories } from './ports/followed-repositories.js';
import type { DeliveryDesk, DeliveryEnd, WaitingDelivery } from './ports/forge-deliveries.js';
import { takeRequest, type RequestDesk } from './take-request.js';

export interface TakeDeliveriesParts extends RequestDesk {
  readonly deliveries: DeliveryDesk;
  readonly repositories: PushedRepositories;
}

const takenAtOnce = 50;
/** Seconds before the second, third, … try; then it is given up. */
const pauses = [2, 10, 60, 300, 1800, 7200];

/** What it answers is worth a line in the log each. `goOn` is asked between deliveries. */
export async function takeDeliveries(
  parts: TakeDeliveriesParts,
  goOn: () => boolean,
): Promise<readonly string[]> {
  const told: string[] = [];
  for (;;) {
    const due = await parts.deliveries.due(takenAtOnce);
    for (const delivery of due) {
      if (!goOn()) return told;
      told.push(...(await takeOne(parts, delivery)));
    }
    if (due.length < takenAtOnce) return told;
  }
}

/** One that cannot be done holds up no other, unless the database is what is away. */
async function takeOne(
  parts: TakeDeliveriesParts,
  delivery: WaitingDelivery,
): Promise<readonly string[]> {
  try {
    await parts.deliveries.end(delivery.id, await ended(parts, delivery));
    return [];
  } catch (error) {
    if (error instanceof FarmFault && error.code === 'database-unavailable') throw error;
    const why = sentenceOf(error);
    const pause = pauses[delivery.tries] ?? null;
    await parts.deliveries.postpone(delivery.id, why, pause);
    const then = pause === null ? 'it is given up' : `tried again in ${pause} s`;
    return [`delivery ${delivery.id} of forge ${delivery.forge.name}: ${why}; ${then}`];
  }
}

async function ended(
  parts: TakeDeliveriesParts,
  { forge, told }: WaitingDelivery,
): Promise<DeliveryEnd> {
  switch (told.kind) {
    case 'ping':
      return { outcome: 'answered', detail: 'The forge is heard.', specifications: [] };
    case 'other':
      return { outcome: 'ignored', detail: `${told.why}.`, specifications: [] };
    case 'push':
      return takePush(parts, told);
    case 'request':
      return takeRequest(parts, forge, told);
  }
}

/** Whoever follows the branch looks at it now. */
async function takePush(parts: TakeDeliveriesParts, push: PushEvent): Promise<DeliveryEnd> {
  const { repository, branch, revision } = push;
  const what = `${branch} of ${repository.name}`;
  if (revision === null) {
    return { outcome: 'ignored', detail: `The branch ${what} is gone.`, specifications: [] };
  }
  const following = (await parts.specifications.list()).filter(
    ({ specification: one }) => one.active && movedChannel(one, repository, branch),
  );
  for (const { id } of following) {
    await parts.timers.trigger({ specification: id, trigger: 'hook' });
  }
  const specifications = following.map(({ name }) => name);
  const keepers = await lookAtKeepers(parts, push);
  if (specifications.length === 0 && keepers.length > 0) {
    const detail = `${what} is at ${revision}, and keeps specifications.`;
    return { outcome: 'triggered', detail, specifications };
  }
  return specifications.length === 0
    ? { outcome: 'ignored', detail: `No specification follows ${what}.`, specifications }
    : { outcome: 'triggered', detail: `${what} is at ${revision}.`, specifications };
}

/** Repositories whose files say what specifications there are are looked at now; their names. */
async function lookAtKeepers(
  { repositories, bus }: TakeDeliveriesParts,
  { repository, branch }: PushEvent,
): Promise<string[]> {
  const moved = (await repositories.list()).filter((one) => {
    return movedChannel({ channels: [one] }, repository, branch);
  });
  for (const { name } of moved) {
    await repositories.hurry(name);
    await bus.publish('repositories', name);
  }
  return moved.map(({ name }) => name);
}
