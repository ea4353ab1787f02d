/**
 * The channel source on git: a bare mirror per address below one directory, fetched one branch at a
 * time. Several evaluators may share the directory.
 */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { FarmFault } from '#std/farm-fault.js';
import { never, type Cancellation } from '#std/cancellation.js';
import {
  checkChannel,
  isChannelUrl,
  isRevision,
  withoutCredentials,
} from '#domain/specification/channel-grammar.js';
import type { Channel } from '#domain/specification/specification.js';
import type { ChannelSource } from '#application/ports/channel-source.js';
import { GitCommand, GitFailure, type GitLimits } from './git-command.js';
import { Mirror } from './mirror.js';
import { MirrorQueue } from './mirror-queue.js';

export interface GitChannelsOptions {
  /** Where the mirrors lie. */
  readonly directory: string;
  readonly limits?: GitLimits;
  /** As GIT_ALLOW_PROTOCOL has them, joined by colons. */
  readonly protocols?: string;
}

const defaultLimits: GitLimits = { idleSeconds: 60, totalSeconds: 1800 };
const defaultProtocols = 'https:http:ssh:git:file';

export class GitChannels implements ChannelSource {
  private readonly git: GitCommand;
  private readonly queue = new MirrorQueue();

  constructor(private readonly options: GitChannelsOptions) {
    const { directory, limits = defaultLimits, protocols = defaultProtocols } = options;
    this.git = new GitCommand(directory, limits, protocols);
  }

  async fetch(channel: Channel, cancellation: Cancellation): Promise<string> {
    const checked = checkChannel(channel);
    if (!checked.ok) throw new FarmFault('fetch-failed', checked.error.sentence, 'never');
    const mirror = this.mirrorOf(channel.url);
    const what = `${channel.branch} ${channel.commit ?? ''}`;
    return this.queue.run(mirror.directory, what, () =>
      this.fetchNow(mirror, channel, cancellation).catch((error: unknown) => {
        throw faultOf(channel, error);
      }),
    );
  }

  async checkout(channel: Channel, revision: string, directory: string): Promise<void> {
    if (!isChannelUrl(channel.url) || !isRevision(revision)) {
      throw new FarmFault('unknown-revision', `${revision} is not a revision`, 'never');
    }
    const mirror = this.mirrorOf(channel.url);
    await mirror.prepare();
    if (!(await mirror.isPinned(revision))) {
      // Another evaluator, with a disk of its own, has fetched it; we must do so ourselves.
      await this.fetch({ ...channel, commit: revision }, never);
    }
    await mkdir(directory, { recursive: true });
    await mirror.writeFiles(revision, directory).catch((error: unknown) => {
      throw faultOf(channel, error);
    });
    await changeMode('a-w,a+rX', directory);
  }

  async isAncestor(url: string, older: string, newer: string): Promise<boolean> {
    if (!isChannelUrl(url) || !isRevision(older) || !isRevision(newer)) return false;
    const mirror = this.mirrorOf(url);
    await mirror.prepare();
    return mirror.isAncestor(older, newer);
  }

  private mirrorOf(url: string): Mirror {
    return new Mirror(this.git, this.options.directory, url);
  }

  private async fetchNow(
    mirror: Mirror,
    channel: Channel,
    cancellation: Cancellation,
  ): Promise<string> {
    await mirror.prepare();
    const { branch, commit } = channel;
    if (commit !== undefined && (await mirror.isPinned(commit))) return commit;
    const head = await mirror.fetchBranch(branch, cancellation);
    if (commit === undefined) {
      await mirror.pin(head);
      return head;
    }
    // Only some servers hand out a revision that no branch of theirs reaches.
    if (await mirror.isAncestor(commit, head)) await mirror.pin(commit);
    else await mirror.fetchRevision(commit, cancellation);
    return commit;
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
  if (/couldn't find remote ref refs\/heads\//i.test(error.words)) {
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
