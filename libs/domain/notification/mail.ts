/**
 * A message as mail: plain text that a person reads on a terminal, and headers by which filters and
 * threads know it (RFC 2919 List-Id, RFC 3834 Auto-Submitted, RFC 5322 Message-ID).
 */
import type { BuildId } from '../ids.js';
import { changeSentence, type WeatherChange } from './change.js';
import { logEnd, logsToldAtMost } from './log-end.js';
import type { Message } from './message.js';
import type { Pages } from './pages.js';

export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly date: Date;
  readonly headers: Readonly<Record<string, string>>;
}

export interface MailFacts {
  readonly pages: Pages;
  /** Of the farm's public address. */
  readonly host: string;
  /** The last kilobytes of the logs of `brokenBuilds`. */
  readonly logs: ReadonlyMap<BuildId, string>;
}

/** The builds whose logs a letter shows the end of. */
export function brokenBuilds({ changes }: Message): BuildId[] {
  const broken = changes.filter(({ kind }) => kind === 'broken');
  return broken.slice(0, logsToldAtMost).map(({ build }) => build);
}

/** The same message and logs are always the same mail. */
export function mailOf(message: Message, facts: MailFacts): Mail {
  const { host } = facts;
  const { specification, key, createdAt } = message;
  return {
    subject: printable(subjectOf(message)),
    text: `${bodyOf(message, facts).map(printable).join('\n')}\n`,
    messageId: `<${key}@${host}>`,
    date: createdAt,
    headers: {
      'Auto-Submitted': 'auto-generated',
      // What answers to all mail in one's absence knows these two alone.
      Precedence: 'bulk',
      'X-Auto-Response-Suppress': 'All',
      'List-Id': `<${listWord(specification)}.gambeson.${host}>`,
    },
  };
}

export function subjectOf({ specification, changes, counts }: Message): string {
  const [only] = changes;
  const all = counts.broken + counts.fixed;
  if (only && all === 1) return changeSentence(only);
  if (all === 0) return `A trial of the notifications of ${specification}.`;
  const parts = [
    ...(counts.broken > 0 ? [`${counts.broken} ${verb(counts.broken)} broken`] : []),
    ...(counts.fixed > 0 ? [`${counts.fixed} ${verb(counts.fixed)} fixed`] : []),
  ];
  return `Builds on ${specification}: ${parts.join(', ')}.`;
}

function bodyOf(message: Message, facts: MailFacts): string[] {
  const { pages } = facts;
  const { specification, evaluation, changes, counts } = message;
  const [only] = changes;
  const all = counts.broken + counts.fixed;
  if (evaluation === null) {
    const page = pages.specification(specification);
    return [
      `Somebody asked the farm to try the notifications of ${specification}.`,
      'This receiver is told of every build that breaks or is fixed.',
      ...['', page],
    ];
  }
  if (only && all === 1) {
    return [
      `The build of ${only.job} for ${only.system} on ${specification} is ${only.kind}.`,
      ...['', `Build:       ${pages.build(only.build)}`],
      `Evaluation:  ${pages.evaluation(evaluation)}`,
      ...logOfOnly(message, only, facts),
    ];
  }
  const named = (kind: WeatherChange['kind']): string[] => {
    const some = changes.filter((change) => change.kind === kind);
    return [
      ...section(kind, some, { all: counts[kind], message, facts }),
      ...(some.length > 0 ? [''] : []),
    ];
  };
  return [
    ...named('broken'),
    ...named('fixed'),
    `Evaluation ${evaluation} of ${specification}: ${pages.evaluation(evaluation)}`,
  ];
}

function section(
  kind: WeatherChange['kind'],
  changes: readonly WeatherChange[],
  told: { readonly all: number; readonly message: Message; readonly facts: MailFacts },
): string[] {
  if (changes.length === 0) return [];
  const { all, facts } = told;
  const shown = new Set(brokenBuilds(told.message));
  const rest = all - changes.length;
  return [
    `${all} ${verb(all)} ${kind}:`,
    ...changes.flatMap(({ job, build }) => [
      ...[`  ${job}`, `    ${facts.pages.build(build)}`],
      ...(shown.has(build) ? logEnd(facts.logs.get(build) ?? '', shown.size) : []).map(
        (line) => `      ${line}`,
      ),
    ]),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

function logOfOnly(message: Message, { build }: WeatherChange, { logs }: MailFacts): string[] {
  const told = brokenBuilds(message).includes(build) ? logEnd(logs.get(build) ?? '', 1) : [];
  return told.length === 0 ? [] : ['', 'The end of its log:', '', ...told.map((l) => `    ${l}`)];
}

function verb(count: number): string {
  return count === 1 ? 'is' : 'are';
}

/** The grammar of a list's name: of what a specification's name may hold, all but `_`. */
function listWord(specification: string): string {
  return specification.replace(/[^A-Za-z0-9.-]/g, '-');
}

/** Names come from channels: nothing in them may move a cursor, turn text or begin a line. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, '');
}
