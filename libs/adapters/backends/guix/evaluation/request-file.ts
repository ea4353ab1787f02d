/** What the evaluator's program reads: a selection as `(gnu ci)` knows it, and channels. Pure. */
import { form, list, number, printScheme, string, symbol } from '#formats/scheme.js';
import { subsetOf, type CiSelection } from '#domain/evaluation/guix-job.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';

export interface EvaluationAsked {
  readonly selection: CiSelection;
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
