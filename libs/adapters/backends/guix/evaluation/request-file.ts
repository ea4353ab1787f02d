/** What the evaluator's program reads: a selection as `(gnu ci)` knows it, and channels. Pure. */
import { form, list, number, printScheme, string, symbol, type Datum } from '#formats/scheme.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';
import type { GuixSelection } from '#domain/specification/selection.js';

/** Selections that `(gnu ci)` reads; packs are made by `guix pack`. */
export type CuirassSelection = Exclude<GuixSelection, { readonly packs: unknown }>;

export interface EvaluationAsked {
  readonly selection: CuirassSelection;
  readonly system: string;
  readonly channels: readonly ChannelRevision[];
  /** Where the files of a channel are to be found. */
  readonly directoryOf: (channel: string) => string;
}

/** `((channels REPOSITORY …) (system "NAME") (subset SUBSET))`. */
export function printRequest(asked: EvaluationAsked): string {
  const repositories = asked.channels.map((channel) =>
    form(
      'repository',
      form('version', number(0)),
      // As Cuirass has it: manifests and Guix's own sources are read from there.
      form('url', string(asked.directoryOf(channel.channel))),
      form('branch', string(channel.branch)),
      form('commit', string(channel.revision)),
      form('name', symbol(channel.channel)),
    ),
  );
  const request = list([
    form('channels', ...repositories),
    form('system', string(asked.system)),
    form('subset', subsetOf(asked.selection)),
  ]);
  return `${printScheme(request)}\n`;
}

export function subsetOf(selection: CuirassSelection): Datum {
  if ('set' in selection) return symbol(selection.set);
  if ('packages' in selection)
    return form('packages', ...selection.packages.map((name) => string(name)));
  if ('channels' in selection)
    return form('channels', ...selection.channels.map((name) => symbol(name)));
  if ('manifests' in selection)
    return form('manifests', ...selection.manifests.map((file) => string(file)));
  const modules = selection.custom.map((name) => moduleName(name));
  return form('custom', ...modules);
}

/** `my-channel ci` is the module `(my-channel ci)`. */
function moduleName(words: string): Datum {
  const parts = words.trim().replaceAll(/[()]/g, '').split(/\s+/);
  return list(parts.map((part) => symbol(part)));
}
