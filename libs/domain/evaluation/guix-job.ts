/**
 * How a job of an evaluation by Guix is asked for on a command line. Most are packages; for the
 * rest Guix's own `(gnu ci)` is asked again, which says what a selection means.
 */
import { form, list, number, printScheme, quoted, string, symbol } from '#formats/scheme.js';
import type { Datum } from '#formats/scheme.js';
import type { GuixSelection } from '../specification/selection.js';
import { inGuixOrder } from './channels-scm.js';
import type { ChannelRevision } from './revisions.js';

/** Selections that `(gnu ci)` reads; packs are made by `guix pack`. */
export type CiSelection = Exclude<GuixSelection, { readonly packs: unknown }>;

export interface GuixJob {
  readonly name: string;
  readonly system: string;
  /** The path of its derivation. */
  readonly derivation: string;
}

/**
 * The arguments of `guix build` for a job that is named as packages are (`PACKAGE.SYSTEM`, with a
 * micro-architecture behind or a target before); null: another one, such as an image.
 */
export function packageArguments({ name, system, derivation }: GuixJob): string[] | null {
  const at = `.${name}.`.indexOf(`.${system}.`);
  if (at <= 0) return null;
  const words = name.slice(0, at - 1);
  const tuned = name.slice(at + system.length + 1);
  const made = /\/[0-9a-z]{32}-(.+)\.drv$/.exec(derivation)?.[1] ?? '';
  // A cross-built package may be called `TARGET.PACKAGE`; names of packages may have dots, too.
  for (let from = 0; from !== -1; from = nextWord(words, from)) {
    const known = words.slice(from);
    if (!made.startsWith(`${known}-`) || !/^\d/.test(made.slice(known.length + 1))) continue;
    const target = words.slice(0, Math.max(0, from - 1));
    if (target === 'base') return null;
    const version = made.slice(known.length + 1);
    return [
      ...(target === '' ? [] : [`--target=${target}`]),
      ...(tuned === '' ? [] : [`--tune=${tuned}`]),
      `${known}@${version}`,
    ];
  }
  return null;
}

function nextWord(words: string, from: number): number {
  const dot = words.indexOf('.', from);
  return dot === -1 ? -1 : dot + 1;
}

/**
 * An expression for `guix build -e` that asks `(gnu ci)` for the job by its name. Guix reads the
 * files of channels from directories of their names, below the one where the command runs.
 */
export function jobExpression(job: GuixJob, { selection, checkouts }: JobReading): string {
  const asked = form(
    'list',
    form('cons', quoted(symbol('systems')), quoted(list([string(job.system)]))),
    form('cons', quoted(symbol('subset')), quoted(subsetOf(selection))),
    form('cons', quoted(symbol('channels')), form('list', ...inGuixOrder(checkouts).map(source))),
  );
  const isIt = form('string=?', form('assq-ref', symbol('job'), key('job-name')), string(job.name));
  const found = list([
    of(['srfi', 'srfi-1'], 'find'),
    form('lambda', list([symbol('job')]), isIt),
    list([of(['gnu', 'ci'], 'cuirass-jobs'), symbol('store'), asked]),
  ]);
  const derivation = list([
    of(['guix', 'derivations'], 'read-derivation-from-file'),
    form('assq-ref', found, key('derivation')),
  ]);
  // What guix build takes for a procedure without arguments that makes a monadic value.
  const value = form(
    'lambda',
    list([symbol('store')]),
    form('values', derivation, symbol('store')),
  );
  return printScheme(form('lambda', list([]), value), 96);
}

type CiChannel = Pick<ChannelRevision, 'channel' | 'branch' | 'revision'> & {
  readonly via?: string | null | undefined;
};

export interface JobReading {
  readonly selection: CiSelection;
  readonly checkouts: readonly CiChannel[];
}

/** As the field `subset` of what `cuirass-jobs` is given. */
export function subsetOf(selection: CiSelection): Datum {
  if ('set' in selection) return symbol(selection.set);
  if ('packages' in selection) return form('packages', ...selection.packages.map(text));
  if ('channels' in selection) return form('channels', ...selection.channels.map(name));
  if ('manifests' in selection) return form('manifests', ...selection.manifests.map(text));
  // `my-channel ci` is the module `(my-channel ci)`.
  const modules = selection.custom.map((words) => list(words.split(' ').map(name)));
  return form('custom', ...modules);
}

function text(value: string): Datum {
  return string(value);
}

function name(value: string): Datum {
  return symbol(value);
}

function key(value: string): Datum {
  return { kind: 'keyword', name: value, at: { line: 0, column: 0 } };
}

function of(module: readonly string[], value: string): Datum {
  return form('@', list(module.map(name)), symbol(value));
}

function source({ channel, branch, revision }: CiChannel): Datum {
  const directory = form('string-append', form('getcwd'), string(`/${channel}`));
  return form(
    'list',
    quoted(symbol('repository')),
    quoted(form('version', number(0))),
    form('list', quoted(symbol('url')), directory),
    quoted(form('branch', string(branch))),
    quoted(form('commit', string(revision))),
    quoted(form('name', symbol(channel))),
  );
}
