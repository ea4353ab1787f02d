/**
 * `gambeson store verify`: asks the farm to verify what it offers, follows it to its end and tells
 * what was found. The exit status is 0 when everything is whole, 1 when something is broken or
 * incomplete; otherwise it could not be said.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import type { Client } from '#client/client.js';
import {
  createVerification,
  getVerification,
  listVerificationFindings,
  type VerificationAnswer,
} from '#client/generated/integrity.js';
import { exitCodes } from '../exit-codes.js';
import { openFarmApi, withFarmOptions, type FarmOptions } from '../farm-options.js';
import { findingLine, progressLine, summaryLines } from './verify-words.js';

interface VerifyOptions extends FarmOptions {
  readonly store?: string;
  readonly sample?: string;
  readonly repair: boolean;
  readonly json: boolean;
}

const lookMilliseconds = 500;
const findingsAtOnce = 500;

const examples = `
Examples:
  gambeson store verify                          every file of every store, read to its end
  gambeson store verify --store nix --sample 5%  a twentieth of one store
  gambeson store verify --repair                 take back what is broken and build it again

What is broken is put aside in quarantine/ of the nar store; its path is not offered any more, and
its build is scheduled again. Without --repair nothing is changed.`;

export function verifyCommand(): Command {
  const command = new Command('verify')
    .description('check the files, nars and references of what is offered')
    .option('--store <slug>', 'one store alone')
    .option('--sample <part>', 'a percentage such as 5%, or about so many paths')
    .option('--repair', 'take back what is broken and build it again', false)
    .option('--json', 'a line of JSON for each finding, and one for the end', false)
    .addHelpText('after', examples);
  return withFarmOptions(command).action(async (options: VerifyOptions) => {
    process.exitCode = await verify(options);
  });
}

async function verify(options: VerifyOptions): Promise<number> {
  const { client } = await openFarmApi(options);
  const { store, sample, repair } = options;
  const asked = await createVerification(client, {
    body: { repair, ...(store && { store }), ...(sample && { sample }) },
  });
  let cursor: string | null = null;
  for (;;) {
    const now = await getVerification(client, { path: { id: asked.id } });
    cursor = await tellFindings(client, { verification: asked.id, cursor, json: options.json });
    if (now.endedAt !== null) return tellEnd(now, options.json);
    if (process.stderr.isTTY) process.stderr.write(`\r${progressLine(now)}`);
    await pause(lookMilliseconds);
  }
}

interface Telling {
  readonly verification: string;
  readonly cursor: string | null;
  readonly json: boolean;
}

/** Tells what was found since the cursor; answers the cursor of what comes next. */
async function tellFindings(client: Client, telling: Telling): Promise<string | null> {
  let { cursor } = telling;
  for (;;) {
    const page = await listVerificationFindings(client, {
      path: { id: telling.verification },
      query: { limit: findingsAtOnce, ...(cursor !== null && { cursor }) },
    });
    for (const finding of page.items) {
      process.stdout.write(`${telling.json ? JSON.stringify(finding) : findingLine(finding)}\n`);
    }
    cursor = page.items.at(-1)?.id ?? cursor;
    if (page.next === null) return cursor;
  }
}

function tellEnd(verification: VerificationAnswer, json: boolean): number {
  if (process.stderr.isTTY) process.stderr.write('\r');
  const lines = json ? [JSON.stringify(verification)] : summaryLines(verification);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (verification.fault !== null) return exitCodes.broken;
  return verification.broken + verification.incomplete > 0 ? exitCodes.unwell : exitCodes.well;
}
