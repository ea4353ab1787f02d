/** The same for Guix: the channels at their commits, and what to build of them. */
import {
  jobExpression,
  packageArguments,
  type CiSelection,
  type GuixJob,
} from '#domain/evaluation/guix-job.js';
import type { GuixSelection } from '#domain/specification/selection.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import { quoted } from './shell-word.js';

type Checkouts = EvaluationAnswer['checkouts'];

export interface GuixRecipe {
  readonly selection: GuixSelection;
  readonly checkouts: Checkouts;
  readonly job: string;
  readonly system: string;
  readonly derivation: string;
  readonly evaluation: string;
  readonly address: string;
}

const guix = 'guix time-machine -C channels.scm --';

export function guixCommand(recipe: GuixRecipe): string {
  const { selection, address, evaluation } = recipe;
  const file = quoted(`${address}/eval/${evaluation}/channels.scm`);
  const fetch = `curl -fsS -o channels.scm ${file}`;
  if ('packs' in selection) {
    const format = selection.packs.formats.find((one) => recipe.job.includes(one));
    const options = [`--format=${format ?? 'tarball'}`, '--save-provenance', systemOf(recipe)];
    const wanted = manifestOption(recipe, selection.packs.manifest);
    return lines([fetch, ...clonesOf(recipe)], `${guix} pack ${options.join(' ')}`, wanted);
  }
  const build = `${guix} build --no-grafts ${systemOf(recipe)}`;
  if ('manifests' in selection) {
    const wanted = selection.manifests.map((one) => manifestOption(recipe, one)).join(' ');
    return lines([fetch, ...clonesOf(recipe)], build, wanted);
  }
  const job: GuixJob = { ...recipe, name: recipe.job };
  const words = 'custom' in selection ? null : packageArguments(job);
  if (words !== null) return lines([fetch], build, words.map(quoted).join(' '));
  const expression = jobExpression(job, { selection, checkouts: recipe.checkouts });
  const clones = neededBy(recipe, selection).map(cloneCommand);
  return lines([fetch, ...clones], build, `-e ${quoted(expression)}`);
}

/** Guix's own sets read the files of Guix; modules of others may read those of all. */
function neededBy({ checkouts }: GuixRecipe, selection: CiSelection): Checkouts {
  return 'custom' in selection ? checkouts : checkouts.filter(({ channel }) => channel === 'guix');
}

function systemOf({ system }: GuixRecipe): string {
  return `--system=${quoted(system)}`;
}

export function cloneCommand({ channel, url, revision }: Checkouts[number]): string {
  const directory = quoted(`./${channel}`);
  const clone = `git clone ${quoted(url)} ${directory}`;
  return `${clone} && git -C ${directory} checkout ${quoted(revision)}`;
}

/** Those that may hold manifests: Guix itself only when there is nothing else. */
function manifestPlaces({ checkouts }: GuixRecipe): Checkouts {
  const others = checkouts.filter(({ channel, via }) => channel !== 'guix' && via === null);
  return others.length > 0 ? others : checkouts;
}

function clonesOf(recipe: GuixRecipe): string[] {
  return manifestPlaces(recipe).map(cloneCommand);
}

/** Of several channels, the first that has the file, as `(gnu ci)` finds it. */
function manifestOption(recipe: GuixRecipe, file: string): string {
  const paths = manifestPlaces(recipe).map(({ channel }) => quoted(`./${channel}/${file}`));
  if (paths.length === 1) return `--manifest=${paths[0]}`;
  return `--manifest="$(ls -U ${paths.join(' ')} 2>/dev/null | head -n 1)"`;
}

function lines(before: readonly string[], command: string, wanted: string): string {
  return [...before, `${command} \\\n  ${wanted}`].join('\n');
}
