/** A build in words: its facts in columns, and why it waits or failed. */
import type {
  AttemptAnswer,
  BuildAnswer,
  BuildHistoryAnswer,
  OutputAnswer,
} from '#client/generated/builds.js';
import {
  bytes,
  count,
  duration,
  plainTime,
  plural,
  relative,
  secondsBetween,
} from '#views/words.js';
import { harmless, paint } from '../tell/look.js';
import { statusWord } from '../tell/status-words.js';
import { lookFor, tellFacts, tellTable, type Telling } from '../tell/tell.js';

export function buildFacts(options: Telling, build: BuildAnswer): string {
  const look = lookFor(options);
  const now = new Date();
  const facts = tellFacts(options, [
    ['build', `${build.id}, ${build.name}`],
    ...(options.plain ? ([['status', build.status]] as const) : []),
    ['system', [build.system, ...build.requiredFeatures].join(', ')],
    ['derivation', build.derivation],
    ['why', whyOf(build, now)],
    ['began', build.startedAt === null ? '' : plainTime(build.startedAt)],
    ['took', tookOf(build, now)],
    ['inputs', inputsOf(build)],
    ['dependents', build.dependents.total === 0 ? '' : count(build.dependents.total)],
    ['jobs', jobsOf(build)],
  ]);
  if (options.plain) return facts;
  const line = `${statusWord(look, build.status)}  ${paint(look, 'strong', harmless(build.name))}`;
  const tables = attempts(options, build.attempts) + outputs(options, build.outputs);
  return `${line}\n\n${facts}${tables}`;
}

function jobsOf({ jobs }: BuildAnswer): string {
  const words = jobs.map((job) => `${job.name} of ${job.specification} (${job.evaluation})`);
  return words.join(', ');
}

function tookOf({ startedAt, endedAt }: BuildAnswer, now: Date): string {
  if (startedAt === null) return '';
  const time = duration(secondsBetween(startedAt, endedAt ?? now));
  return endedAt === null ? `${time} so far` : time;
}

function inputsOf({ inputs }: BuildAnswer): string {
  const unfinished = inputs.items.filter(({ status }) => status !== 'succeeded');
  if (inputs.total === 0) return '';
  const words = unfinished.slice(0, 3).map(({ id, name, status }) => `${name} (${id}) ${status}`);
  return [count(inputs.total), ...words].join(', ');
}

function attempts(options: Telling, tries: readonly AttemptAnswer[]): string {
  if (tries.length === 0) return '';
  const rows = tries.map((one) => [
    ...[String(one.number), { text: one.status, status: true }, one.worker.name],
    one.startedAt === null || one.endedAt === null
      ? ''
      : duration(secondsBetween(one.startedAt, one.endedAt)),
    ...[bytes(one.logBytes), one.message ?? one.reason ?? ''],
  ]);
  const head = ['ATTEMPT', 'STATUS', 'WORKER', 'TOOK', 'LOG', 'WHY'];
  return `\n${tellTable(options, { head, rows }, '')}`;
}

function outputs(options: Telling, told: readonly OutputAnswer[]): string {
  const rows = told.map(({ name, path, offered, narSize, upstream }) => [
    ...[name, path ?? 'not known yet'],
    offered ? 'offered' : upstream === null ? '' : `at ${upstream}`,
    narSize === null ? '' : bytes(narSize),
  ]);
  if (rows.length === 0) return '';
  return `\n${tellTable(options, { head: ['OUTPUT', 'PATH', 'THERE', 'SIZE'], rows }, '')}`;
}

/** One line: the reason of what it is, or of what it waits for. */
export function whyOf(build: BuildAnswer, now: Date): string {
  const { wait, sentence, message, failedInput, estimate } = build;
  if (wait !== null) {
    const until = wait.until === null ? '' : `, until ${relative(wait.until, now)}`;
    const before = wait.position ? `; ${plural(wait.position, 'build')} go before it` : '';
    const starts = estimate?.startsAt
      ? `; expected to start ${relative(estimate.startsAt, now)}`
      : '';
    return `${wait.sentence}${until}${before}${starts}`;
  }
  if (failedInput !== null) return `${failedInput.name} (${failedInput.id}) failed`;
  return [sentence, message].filter((text) => text !== null && text !== '').join(' ');
}

/** Several lines: what it is, what it waits for, and since when its job fails. */
export function whyWords(
  build: BuildAnswer,
  history: BuildHistoryAnswer | null,
  now: Date,
): string {
  const { id, name, status, wait, estimate } = build;
  const why = harmless(whyOf(build, now));
  const lines = [`build ${id}, ${harmless(name)}, ${wait === null ? status : 'waits'}`];
  if (why !== '') lines[0] += `: ${why}`;
  for (const input of wait?.inputs ?? []) {
    lines.push(
      `  ${input.status}  ${harmless(input.name)} for ${input.system} (build ${input.id})`,
    );
  }
  if (estimate?.endsAt) lines.push(`expected to end ${relative(estimate.endsAt, now)}`);
  if (history !== null) lines.push(...since(history));
  return lines.map((line) => `${line}\n`).join('');
}

function since({ lastSuccess, firstFailure, changes }: BuildHistoryAnswer): string[] {
  const at = (one: { evaluation: string; build: string | null }): string =>
    `evaluation ${one.evaluation}${one.build === null ? '' : ` (build ${one.build})`}`;
  const lines = [
    ...(lastSuccess ? [`last succeeded in ${at(lastSuccess)}`] : []),
    ...(firstFailure ? [`fails since ${at(firstFailure)}`] : []),
  ];
  const commits = changes.map(({ channel, from, to, address }) => {
    const range = `${channel} ${from.slice(0, 12)}..${to.slice(0, 12)}`;
    return `  ${range}${address === null ? '' : `  ${address}`}`;
  });
  return [...lines, ...commits.map(harmless)];
}
