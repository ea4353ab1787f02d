/**
 * What may stand next on a command line of `gambeson`: commands, options and their choices from the
 * program itself; names of the farm from whoever knows them. Pure but for that question.
 */
import type { Argument, Command, Option } from 'commander';

/** Of an argument or an option with these names the farm knows the values. */
export type LiveKind = 'specification' | 'worker' | 'store' | 'forge';
const liveKinds: readonly LiveKind[] = ['specification', 'worker', 'store', 'forge'];

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** The values that begin so; none when the farm does not say in time. */
export type Ask = (kind: LiveKind) => Promise<readonly string[]>;

/** `words` are those after `gambeson`; the last is the one to be completed, and may be empty. */
export async function candidatesFor(
  program: Command,
  words: readonly string[],
  ask: Ask,
): Promise<Candidate[]> {
  const last = words.at(-1) ?? '';
  const place = placeOf(program, words.slice(0, -1));
  const found = await offered(place, last, ask);
  return found.filter(({ value }) => value.startsWith(last));
}

interface Place {
  readonly command: Command;
  /** The option whose value comes next. */
  readonly option: Option | null;
  /** Arguments that were given already. */
  readonly given: number;
  /** After `--` there are no options any more. */
  readonly bare: boolean;
}

function placeOf(program: Command, words: readonly string[]): Place {
  let place: Place = { command: program, option: null, given: 0, bare: false };
  for (const word of words) place = after(place, word);
  return place;
}

function after(place: Place, word: string): Place {
  const { command, option, given, bare } = place;
  if (option !== null) return { ...place, option: null };
  if (bare) return { ...place, given: given + 1 };
  if (word === '--') return { ...place, bare: true };
  if (word.startsWith('-')) return { ...place, option: optionAwaiting(command, word) };
  const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
  if (next) return { command: next, option: null, given: 0, bare: false };
  return { ...place, given: given + 1 };
}

function optionAwaiting(command: Command, word: string): Option | null {
  if (word.includes('=')) return null;
  const option = command.options.find((one) => one.long === word || one.short === word);
  return option && (option.required || option.optional) ? option : null;
}

async function offered(place: Place, last: string, ask: Ask): Promise<Candidate[]> {
  const { command, option, given, bare } = place;
  if (option !== null) return values(option.argChoices, liveOf(kindsOf(option)), ask);
  if (last.startsWith('-') && !bare) {
    return command.options
      .filter(({ hidden, long }) => !hidden && long !== undefined)
      .map(({ long, description }) => ({ value: long!, description }))
      .concat({ value: '--help', description: 'options and examples' });
  }
  if (command.commands.length > 0) {
    return command.commands
      .filter((one) => !one.name().startsWith('_'))
      .map((one) => ({ value: one.name(), description: one.description() }));
  }
  const { registeredArguments } = command;
  const argument = registeredArguments[Math.min(given, registeredArguments.length - 1)];
  if (!argument || (given >= registeredArguments.length && !argument.variadic)) return [];
  return values(argument.argChoices, liveOf(kindsOfArgument(command, argument)), ask);
}

async function values(
  choices: readonly string[] | undefined,
  kind: LiveKind | null,
  ask: Ask,
): Promise<Candidate[]> {
  const all = choices ?? (kind === null ? [] : await ask(kind));
  return all.map((value) => ({ value, description: '' }));
}

/** `--spec <specification>` and `--store <slug>`: either word says what it is. */
function kindsOf({ long, flags }: Option): readonly string[] {
  return [long?.slice(2) ?? '', /[<[]([\w-]+)/.exec(flags)?.[1] ?? ''];
}

/** An evaluation may be named by its specification. */
function kindsOfArgument(command: Command, argument: Argument): readonly string[] {
  const name = argument.name();
  if (name === 'evaluation') return ['specification'];
  return [name, name === 'slug' ? (command.parent?.name() ?? '') : ''];
}

function liveOf(names: readonly string[]): LiveKind | null {
  return liveKinds.find((kind) => names.includes(kind)) ?? null;
}
