/**
 * Bundles of what evaluations read, from the mirrors: git clones from one as it would have from the
 * channel then, whatever became of the branch. The mirrors may be read-only here.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { FarmFault } from '#std/farm-fault.js';
import { isRevision } from '#domain/specification/channel-grammar.js';
import type { Channel } from '#domain/specification/specification.js';
import { keyringOf } from './channel-keys.js';
import { GitCommand } from './git-command.js';
import { lendRepository } from './lent-repository.js';
import { Mirror } from './mirror.js';

const limits = { idleSeconds: 60, totalSeconds: 1800 };
const longestWords = 2000;

export interface ChannelBundlesOptions {
  /** Where the mirrors lie. */
  readonly directory: string;
  /** Packing takes a processor. */
  readonly atOnce?: number;
}

/** Read it to its end, or return from it: that frees the place. */
export type Bundle = AsyncGenerator<Uint8Array>;

export class ChannelBundles {
  private made = 0;

  constructor(private readonly options: ChannelBundlesOptions) {}

  /** Whether the revision is here at all. */
  async has(channel: Channel, revision: string): Promise<boolean> {
    return this.within((git) => this.find(git, channel, revision)).then(Boolean);
  }

  /** `busy`: too many are being made; ask again. Throws FarmFault `program-failed` on the way. */
  async open(channel: Channel, revision: string): Promise<Bundle | 'busy' | 'absent'> {
    if (this.made >= (this.options.atOnce ?? 2)) return 'busy';
    this.made += 1;
    const room = await mkdtemp(join(tmpdir(), 'gambeson-bundle-'));
    const leave = async (): Promise<void> => {
      this.made -= 1;
      await rm(room, { recursive: true, force: true });
    };
    try {
      const git = new GitCommand(room, limits, 'file');
      const mirror = await this.find(git, channel, revision);
      if (!mirror) return await leave().then(() => 'absent' as const);
      const repository = join(room, 'repository');
      const contents = {
        branch: channel.branch,
        revision,
        keyring: await keyringOf(mirror, revision),
      };
      const branches = await lendRepository(mirror, contents, repository);
      return packed({ git, repository, branches, leave });
    } catch (fault) {
      await leave();
      throw fault;
    }
  }

  private async find(git: GitCommand, channel: Channel, revision: string): Promise<Mirror | null> {
    const mirror = new Mirror(git, resolve(this.options.directory), channel);
    const there = await stat(join(mirror.directory, 'HEAD')).catch(() => null);
    return there && isRevision(revision) && (await mirror.isPinned(revision)) ? mirror : null;
  }

  private async within<T>(work: (git: GitCommand) => Promise<T>): Promise<T> {
    const room = await mkdtemp(join(tmpdir(), 'gambeson-bundle-'));
    try {
      return await work(new GitCommand(room, limits, 'file'));
    } finally {
      await rm(room, { recursive: true, force: true });
    }
  }
}

interface Packing {
  readonly git: GitCommand;
  readonly repository: string;
  readonly branches: readonly string[];
  readonly leave: () => Promise<void>;
}

/** One thread: a download must not take the whole machine. */
async function* packed({ git, repository, branches, leave }: Packing): Bundle {
  const refs = ['HEAD', ...branches.map((branch) => `refs/heads/${branch}`)];
  const args = ['-c', 'pack.threads=1', 'bundle', 'create', '--quiet', '-', ...refs];
  let child: ChildProcessByStdio<null, Readable, Readable> | undefined;
  const timer = setTimeout(() => child?.kill(), limits.totalSeconds * 1000);
  try {
    const env = await git.environmentOf(repository);
    child = spawn('git', args, { cwd: repository, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const words = wordsOf(child.stderr);
    const ended = once(child, 'close');
    for await (const chunk of child.stdout) yield chunk as Uint8Array;
    await ended;
    if (child.exitCode !== 0) {
      throw new FarmFault('program-failed', `git bundle: ${words() || child.signalCode}`);
    }
  } finally {
    clearTimeout(timer);
    child?.kill();
    await leave();
  }
}

function wordsOf(stderr: Readable): () => string {
  let words = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(0, longestWords);
  });
  return () => words.trim();
}
