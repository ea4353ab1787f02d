/**
 * Looks at the channels of one specification, all at once, and for Guix at those that these pull in
 * by their `.guix-channel`. A channel that cannot be fetched or read is a finding like any other.
 */
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import { metadataFile, parseChannelMetadata } from '#domain/evaluation/channel-metadata.js';
import { channelsAtMost, dependencyFault, isWanted } from '#domain/evaluation/pulled-channels.js';
import type { Channel, Specification, Trust } from '#domain/specification/specification.js';
import type { ChannelSource } from './ports/channel-source.js';
import type { ChannelFinding, FetchedRevision } from './ports/poll-store.js';

export interface LookParts {
  readonly source: Pick<ChannelSource, 'fetch' | 'isAncestor' | 'readText'>;
  readonly cancellation: Cancellation;
  /** Channel name → what was found last time. */
  readonly before: ReadonlyMap<string, FetchedRevision>;
}

type Found = Extract<ChannelFinding, { kind: 'found' }>;

/** Those that the specification names first, in its order. */
export async function lookAtChannels(
  parts: LookParts,
  { backend, channels, trust }: Pick<Specification, 'backend' | 'channels' | 'trust'>,
): Promise<ChannelFinding[]> {
  const findings = await Promise.all(channels.map((channel) => look(parts, channel)));
  if (backend !== 'guix') return findings;
  const walk = new Walk(parts, trust);
  channels.forEach((channel, at) => walk.know(channel, findings[at]!));
  for (const { name } of channels) await walk.pull(name);
  return walk.findings();
}

/** Follows dependencies depth first, as Guix does, so that the same of two rivals is taken. */
class Walk {
  private readonly known = new Map<string, { channel: Channel; finding: ChannelFinding }>();

  constructor(
    private readonly parts: LookParts,
    private readonly trust: Trust | undefined,
  ) {}

  know(channel: Channel, finding: ChannelFinding): void {
    this.known.set(channel.name, { channel, finding });
  }

  findings(): ChannelFinding[] {
    return [...this.known.values()].map(({ finding }) => finding);
  }

  async pull(name: string): Promise<void> {
    const { channel, finding } = this.known.get(name)!;
    if (finding.kind === 'failed') return;
    const dependencies = await this.dependenciesOf(channel, finding);
    for (const dependency of dependencies) {
      if (!isWanted(dependency, this.known.get(dependency.name)?.channel)) continue;
      const fault = this.faultOf(dependency, channel);
      if (fault !== null) {
        this.know(channel, failed(finding, 'corrupt-data', fault));
        return;
      }
      this.know(dependency, await look(this.parts, dependency, name));
      await this.pull(dependency.name);
    }
  }

  private faultOf(dependency: Channel, parent: Channel): string | null {
    if (this.known.size >= channelsAtMost) {
      return `more than ${channelsAtMost} channels pull in one another`;
    }
    return dependencyFault(dependency, parent, this.trust);
  }

  private async dependenciesOf(channel: Channel, found: Found): Promise<readonly Channel[]> {
    const { source } = this.parts;
    const text = await source.readText(channel, found.revision, metadataFile);
    if (text === null) return [];
    const metadata = parseChannelMetadata(text);
    if (metadata.ok) return metadata.value.dependencies;
    this.know(channel, failed(found, 'corrupt-data', metadata.error));
    return [];
  }
}

async function look(parts: LookParts, channel: Channel, via?: string): Promise<ChannelFinding> {
  const { name, url, branch, introduction } = channel;
  const known = { channel: name, url, branch, ...(via === undefined ? {} : { via }) };
  try {
    const revision = await parts.source.fetch(channel, parts.cancellation);
    const before = revisionBefore(parts, channel);
    const moved = before !== null && before !== revision && channel.commit === undefined;
    const rewound = moved && !(await parts.source.isAncestor(channel, before, revision));
    const rewoundFrom = rewound ? before : null;
    return { kind: 'found', ...known, revision, introduction, rewoundFrom };
  } catch (fault) {
    if (!(fault instanceof FarmFault) || fault.code === 'canceled') throw fault;
    return { kind: 'failed', ...known, code: fault.code, message: fault.message };
  }
}

/** Of the same address and branch. */
function revisionBefore(parts: LookParts, { name, url, branch }: Channel): string | null {
  const before = parts.before.get(name);
  return before?.url === url && before.branch === branch ? before.revision : null;
}

function failed(found: Found, code: string, message: string): ChannelFinding {
  const { channel, url, branch, via } = found;
  return { kind: 'failed', channel, url, branch, via, code, message };
}
