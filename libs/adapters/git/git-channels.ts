/**
 * The channel source on git: a bare mirror per address below one directory, fetched one branch at a
 * time. Several evaluators may share the directory.
 */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import { never, type Cancellation } from '#std/cancellation.js';
import {
  checkChannel,
  isChannelUrl,
  isRevision,
  withoutCredentials,
} from '#domain/specification/channel-grammar.js';
import type { Channel } from '#domain/specification/specification.js';
import type { LentRepository } from '#application/ports/backend.js';
import type { ChannelSource } from '#application/ports/channel-source.js';
import type { Credentials } from '#adapters/system/credentials.js';
import type { ReachableAddresses } from '#adapters/system/reachable-addresses.js';
import { ChannelAccess } from './channel-access.js';
import { ChannelReach } from './channel-reach.js';
import { fetchKeys, isWhole, keyringOf, unknownBranch } from './channel-keys.js';
import { GitCommand, GitFailure, type GitLimits } from './git-command.js';
import { lendRepository } from './lent-repository.js';
import { Mirror, type MirrorAddress, type MirrorBounds } from './mirror.js';
import { MirrorQueue } from './mirror-queue.js';

export interface GitChannelsOptions {
  /** Where the mirrors lie. */
  readonly directory: string;
  readonly limits?: GitLimits;
  /** As GIT_ALLOW_PROTOCOL has them, joined by colons. */
  readonly protocols?: string;
  /** Past these a mirror is packed. */
  readonly bounds?: MirrorBounds;
  /** Of private channels. */
  readonly credentials?: Credentials;
  /** Where channels may be fetched from; anywhere unless told. */
  readonly addresses?: ReachableAddresses;
}

const defaultLimits: GitLimits = { idleSeconds: 60, totalSeconds: 1800 };
const defaultBounds: MirrorBounds = { looseAtMost: 2000, packsAtMost: 50 };
const longestText = 256 * 1024;
const defaultProtocols = 'https:http:ssh:git:file';

export class GitChannels implements ChannelSource {
  private readonly git: GitCommand;
  private readonly access: ChannelAccess;
  private readonly reach: ChannelReach | undefined;
  private readonly queue = new MirrorQueue();

  constructor(private readonly options: GitChannelsOptions) {
    const { directory, limits = defaultLimits, protocols = defaultProtocols } = options;
    this.git = new GitCommand(directory, limits, protocols);
    this.access = new ChannelAccess(directory, options.credentials);
    this.reach = options.addresses && new ChannelReach(options.addresses);
  }

  async fetch(channel: Channel, cancellation: Cancellation): Promise<string> {
    const checked = checkChannel(channel);
    if (!checked.ok) throw new FarmFault('fetch-failed', checked.error.sentence, 'never');
    const mirror = this.mirrorOf(channel);
    const { branch, commit = '', introduction } = channel;
    const what = `${branch} ${commit} ${introduction?.commit ?? ''}`;
    return this.queue.run(mirror.directory, what, () =>
      this.fetchNow(mirror, channel, cancellation).catch((error: unknown) => {
        throw faultOf(channel, error);
      }),
    );
  }

  async checkout(channel: Channel, revision: string, directory: string): Promise<void> {
    const mirror = await this.mirrorWith(channel, revision);
    await mkdir(directory, { recursive: true });
    await mirror.writeFiles(revision, directory).catch((error: unknown) => {
      throw faultOf(channel, error);
    });
    await changeMode('a-w,a+rX', directory);
  }

  async isAncestor(channel: Channel, older: string, newer: string): Promise<boolean> {
    if (!isChannelUrl(channel.url) || !isRevision(older) || !isRevision(newer)) return false;
    const mirror = this.mirrorOf(channel);
    await mirror.prepare();
    return mirror.isAncestor(older, newer);
  }

  async readText(channel: Channel, revision: string, path: string): Promise<string | null> {
    const mirror = await this.mirrorWith(channel, revision);
    return mirror.readText(revision, path, longestText).catch((error: unknown) => {
      throw faultOf(channel, error);
    });
  }

  async lend(channel: Channel, revision: string, directory: string): Promise<LentRepository> {
    const mirror = await this.mirrorWith(channel, revision);
    const keyring = await keyringOf(mirror, revision);
    await lendRepository(mirror, { branch: channel.branch, revision, keyring }, directory);
    return { directory, borrows: [mirror.directory] };
  }

  private mirrorOf(address: MirrorAddress): Mirror {
    return new Mirror(this.git, resolve(this.options.directory), address);
  }

  private async mirrorWith(channel: Channel, revision: string): Promise<Mirror> {
    if (!isChannelUrl(channel.url) || !isRevision(revision)) {
      throw new FarmFault('unknown-revision', `${revision} is not a revision`, 'never');
    }
    const mirror = this.mirrorOf(channel);
    await mirror.prepare();
    if (!(await mirror.isPinned(revision))) {
      // Another evaluator, with a disk of its own, has fetched it; we must do so ourselves.
      await this.fetch({ ...channel, commit: revision }, never);
    }
    return mirror;
  }

  private async fetchNow(
    mirror: Mirror,
    channel: Channel,
    cancellation: Cancellation,
  ): Promise<string> {
    await mirror.prepare();
    const { branch, commit } = channel;
    if (commit !== undefined && (await isWhole(mirror, channel, commit))) return commit;
    const access = await this.access.environmentOf(channel);
    const reach = await this.reach?.environmentOf(channel.url);
    const journey = { cancellation, environment: { ...access, ...reach } };
    const head = await mirror.fetchBranch(branch, journey);
    const revision = commit ?? head;
    const isNew = !(await mirror.isPinned(revision));
    // Only some servers hand out a revision that no branch of theirs reaches.
    if (commit === undefined || (await mirror.isAncestor(commit, head))) await mirror.pin(revision);
    else await mirror.fetchRevision(commit, journey);
    if (channel.introduction) await fetchKeys(mirror, { revision, isNew }, journey);
    if (isNew) await mirror.pack(this.options.bounds ?? defaultBounds);
    return revision;
  }
}

function faultOf(channel: Channel, error: unknown): unknown {
  if (!(error instanceof GitFailure)) return error;
  const where = withoutCredentials(channel.url);
  const options = { cause: error };
  if (error.kind === 'canceled') {
    return new FarmFault('canceled', `fetching ${where} was given up`, 'later', options);
  }
  if (error.kind === 'timed-out') {
    return new FarmFault('fetch-failed', `${where} is too slow: ${error.words}`, 'later', options);
  }
  if (unknownBranch.test(error.words)) {
    const message = `${where} has no branch ${channel.branch}`;
    return new FarmFault('unknown-branch', message, 'later', options);
  }
  const unreachable = /not our ref|couldn't find remote ref|unadvertised object/i;
  if (channel.commit !== undefined && unreachable.test(error.words)) {
    const message = `${where} does not hand out the commit ${channel.commit}`;
    return new FarmFault('unknown-revision', message, 'later', options);
  }
  const message = `${where} cannot be fetched: ${error.words}`;
  return new FarmFault('fetch-failed', message, 'later', options);
}

/** chmod does not follow the symbolic links that it meets on its way. */
async function changeMode(mode: string, directory: string): Promise<void> {
  const child = spawn('chmod', ['-R', mode, '--', directory], { stdio: 'ignore' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new FarmFault('program-failed', `chmod ${mode} ended with ${code}`);
}
