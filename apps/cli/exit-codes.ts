/**
 * How `gambeson` ends: the one place that knows its exit statuses. They are documented in
 * docs/cli.md, and scripts rely on them.
 */
import { CommanderError } from 'commander';
import { Refused } from '#client/refused.js';
import { FarmFault, sentenceOf, type FarmFaultCode } from '#std/farm-fault.js';

export const exitCodes = {
  well: 0,
  /** What was asked about is not well: a build or an evaluation failed, a link is broken. */
  unwell: 1,
  usage: 2,
  notFound: 3,
  unauthorized: 4,
  /** Another change came between, or what stands does not allow it. */
  conflict: 5,
  /** The network, the farm or this machine failed. */
  broken: 6,
  timedOut: 7,
  interrupted: 130,
} as const;

export type Ending = keyof typeof exitCodes;

/** A command ends with a sentence of its own, which no farm had to say. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly ending: Exclude<Ending, 'well'>,
    message: string,
  ) {
    super(message);
  }
}

/** What the farm answered: its HTTP status. */
const endingOfStatus: Readonly<Record<number, Ending>> = {
  ...{ 400: 'usage', 413: 'usage', 415: 'usage', 422: 'usage' },
  ...{ 404: 'notFound', 410: 'notFound', 401: 'unauthorized', 403: 'unauthorized' },
  ...{ 409: 'conflict', 412: 'conflict', 428: 'conflict' },
};

const endingOfFault: Partial<Record<FarmFaultCode, Ending>> = {
  misconfigured: 'usage',
  canceled: 'interrupted',
};

export function exitCodeOf(thrown: unknown): number {
  return exitCodes[endingOf(thrown)];
}

function endingOf(thrown: unknown): Ending {
  if (thrown instanceof Refusal) return thrown.ending;
  // Help that was asked for is an answer; help in place of a command is not.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 'well' : 'usage';
  if (thrown instanceof Refused) return endingOfStatus[thrown.status] ?? 'broken';
  if (!(thrown instanceof FarmFault)) return 'broken';
  const status = (thrown.cause as { status?: unknown } | undefined)?.status;
  if (typeof status === 'number') return endingOfStatus[status] ?? 'broken';
  return endingOfFault[thrown.code] ?? 'broken';
}

/** Says why on stderr, and leaves the exit status behind. Commander has said its own already. */
export function endBadly(thrown: unknown): void {
  if (!(thrown instanceof CommanderError)) {
    process.stderr.write(`gambeson: ${sentenceOf(thrown)}\n`);
  }
  process.exitCode = exitCodeOf(thrown);
}
