/** Commands that people copy: do here what the farm did, or fetch what it made. */
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import { isFileSelection, type Selection } from '#domain/specification/selection.js';
import type { BackendName } from '#domain/specification/specification.js';
import { cloneCommand, guixCommand } from './reproduce-guix.js';
import { quoted } from './shell-word.js';

export interface Recipe {
  readonly backend: BackendName;
  readonly selection: Selection;
  readonly checkouts: EvaluationAnswer['checkouts'];
  /**
   * Channels in the order of the specification; the first is the selection's unless it names one.
   */
  readonly channels: readonly string[];
  readonly job: string;
  readonly system: string;
  /** Whether it is the only job: the selection may then itself be a derivation. */
  readonly alone: boolean;
  /** The full path of its derivation. */
  readonly derivation: string;
  readonly evaluation: string;
  /** Where people reach the farm. */
  readonly address: string;
}

/** Null where no command outside the farm can do it. */
export function reproduceCommand(recipe: Recipe): string | null {
  const { selection, checkouts } = recipe;
  if (!isFileSelection(selection)) return guixCommand({ ...recipe, selection });
  if (recipe.backend !== 'nix') return null;
  const clones = checkouts.map(cloneCommand);
  const channel = selection.channel ?? recipe.channels[0] ?? '';
  const selected = selection.attribute?.split('.') ?? [];
  // A selection that is itself a derivation is a job named like its last part, or `default`.
  const isSelection = recipe.alone && recipe.job === (selected.at(-1) ?? 'default');
  const attribute = (isSelection ? selected : [...selected, recipe.job]).join('.');
  const chosen = attribute === '' ? '' : ` -A ${quoted(attribute)}`;
  const given = checkouts.map(
    (one) => `--arg ${quoted(one.channel)} ${quoted(`./${one.channel}`)}`,
  );
  const build = [
    `nix-build ${quoted(`./${channel}/${selection.file}`)}${chosen}`,
    `-I . ${given.join(' ')}`,
    `--argstr system ${quoted(recipe.system)}`,
  ];
  return [...clones, build.join(' \\\n  ')].join('\n');
}

export interface Source {
  /** Address of the substituter. */
  readonly address: string;
  /** `name:base64`; null while there is none. */
  readonly publicKey: string | null;
  readonly storeSlug: string;
}

/** Null where no program but the farm reads the store. */
export function fetchCommand(path: string, source: Source): string | null {
  if (source.storeSlug !== 'nix' || source.publicKey === null) return null;
  return [
    `nix copy --from ${quoted(source.address)}`,
    `--option trusted-public-keys ${quoted(source.publicKey)}`,
    quoted(path),
  ].join(' \\\n  ');
}
