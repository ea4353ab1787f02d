/**
 * `gambeson store verify`: asks the farm to verify what it offers, follows it to its end and tells
 * what was found. The exit status is 0 when everything is whole, 1 when something is broken or
 * incomplete; otherwise it could not be said.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { pageOf } from '#protocol/api/page.js';
import { FindingAnswer, VerificationAnswer } from '#protocol/api/verification.js';
import { endBadly, exitCodes } from '../exit-codes.js';
import type { FarmApi } from '../farm-api.js';
import { openFarmApi, withFarmOptions, type FarmOptions } from '../farm-options.js';
import { findingLine, progressLine, summaryLines } from './verify-words.js';

interface VerifyOptions extends FarmOptions {
  readonly store?: string;
  readonly sample?: string;
  readonly repair: boolean;
  readonly json: boolean;
}

const Findings = pageOf(FindingAnswer);
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
    try {
      process.exitCode = await verify(options);
    } catch (error) {
      endBadly(error);
    }
  });
}

async function verify(options: VerifyOptions): Promise<number> {
  const api = await openFarmApi(options);
  const { store, sample, repair } = options;
  const asked = await api.call({
    method: 'POST',
    path: '/api/v1/verifications',
    body: { repair, ...(store && { store }), ...(sample && { sample }) },
    answer: VerificationAnswer,
  });
  let cursor: string | null = null;
  for (;;) {
    const now = await api.call({
      method: 'GET',
      path: `/api/v1/verifications/${asked.id}`,
      answer: VerificationAnswer,
    });
    cursor = await tellFindings(api, { verification: asked.id, cursor, json: options.json });
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
async function tellFindings(api: FarmApi, telling: Telling): Promise<string | null> {
  let { cursor } = telling;
  for (;;) {
    const after = cursor === null ? '' : `&cursor=${cursor}`;
    const path = `/api/v1/verifications/${telling.verification}/findings`;
    const page = await api.call({
      method: 'GET',
      path: `${path}?limit=${findingsAtOnce}${after}`,
      answer: Findings,
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
