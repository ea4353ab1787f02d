/**
 * What a bundle was made of, as its profile's manifest tells it: the channels, and a manifest that
 * asks for the same packages.
 */
import type { ProfileEntry, ProfileManifest, SavedChannel } from '#formats/profile-manifest.js';
import { form, list, printScheme, quoted, string, symbol, type Datum } from '#formats/scheme.js';
import type { ChannelRevision } from '../evaluation/revisions.js';

export interface Provenance {
  /** Each name once; empty where no provenance was saved. */
  readonly channels: readonly ChannelRevision[];
  readonly entries: readonly ProfileEntry[];
  /** Sentences about what cannot be done again as it was. */
  readonly doubts: readonly string[];
}

export function provenanceOf({ entries }: ProfileManifest): Provenance {
  const channels = new Map<string, ChannelRevision>();
  const doubts: string[] = [];
  for (const entry of entries) {
    for (const [index, saved] of entry.provenance.entries()) {
      const channel = channelOf(saved, index);
      const known = channels.get(channel.channel);
      if (known === undefined) channels.set(channel.channel, channel);
      else if (known.revision !== channel.revision) {
        doubts.push(`${entry.name} is of another commit of ${channel.channel}: ${saved.commit}`);
      }
    }
    if (entry.provenance.length === 0 && entries.some((other) => other.provenance.length > 0)) {
      doubts.push(`${entry.name} does not say of which channel it is`);
    }
  }
  return { channels: [...channels.values()], entries, doubts };
}

/** Old Guixes left names out; the first channel was always Guix itself. */
function channelOf(saved: SavedChannel, index: number): ChannelRevision {
  const { url, branch, commit, introduction } = saved;
  const channel = saved.name || (index === 0 ? 'guix' : `channel-${index}`);
  return { channel, url, branch, revision: commit, ...(introduction ? { introduction } : {}) };
}

/** Ends with a line feed. */
export function printManifest({ entries }: Pick<Provenance, 'entries'>): string {
  const plain = entries.filter((entry) => entry.transformations.length === 0);
  const transformed = entries.filter((entry) => entry.transformations.length > 0);
  const names = form('list', ...plain.map((entry) => string(specificationOf(entry))));
  const manifest = form('specifications->manifest', names);
  if (transformed.length === 0) return `${printScheme(manifest)}\n`;
  const module = quotedModules(
    ['guix', 'transformations'],
    ['guix', 'profiles'],
    ['gnu', 'packages'],
  );
  const rest = form('packages->manifest', form('list', ...transformed.map(transformedForm)));
  const both = form('concatenate-manifests', form('list', manifest, rest));
  return `${printScheme(module)}\n\n${printScheme(both)}\n`;
}

/** `NAME@VERSION:OUTPUT`. */
function specificationOf({ name, version, output }: ProfileEntry): string {
  const exact = version === '' ? name : `${name}@${version}`;
  return output === 'out' ? exact : `${exact}:${output}`;
}

/** A package and its output, with the options that it was made with. */
function transformedForm({ name, version, output, transformations }: ProfileEntry): Datum {
  const options = list(
    transformations.map(({ option, value }): Datum => {
      return { ...list([symbol(option)]), tail: string(value) };
    }),
  );
  const transform = form('options->transformation', quoted(options));
  const found = form(
    'specification->package',
    string(version === '' ? name : `${name}@${version}`),
  );
  return form('list', list([transform, found]), string(output));
}

function quotedModules(...modules: readonly (readonly string[])[]): Datum {
  return form('use-modules', ...modules.map((words) => list(words.map((word) => symbol(word)))));
}
