/**
 * A bare mirror of one channel address on disk. Branches lie under refs of our own, named by a
 * digest of the branch, so that `a` may go and `a/b` come; revisions that were used are pinned by a
 * ref, so that a rewound branch does not take them away.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { never, type Cancellation } from '#std/cancellation.js';
import type { Channel } from '#domain/specification/specification.js';
import type { Environment } from './channel-access.js';
import { GitFailure, type GitCommand } from './git-command.js';

const staleLockMilliseconds = 15 * 60 * 1000;
const triesAtMost = 4;

/** A way to the network: who waits for it, and what the server is shown. */
export interface Journey {
  readonly cancellation: Cancellation;
  readonly environment: Environment;
}

/** Whoever names another credential gets a mirror of its own: it may not be let in. */
export type MirrorAddress = Pick<Channel, 'url' | 'credential'>;

/** Of a mirror that is left as it is. */
export interface MirrorBounds {
  readonly looseAtMost: number;
  readonly packsAtMost: number;
}

export class Mirror {
  readonly directory: string;
  private readonly url: string;

  constructor(
    private readonly git: GitCommand,
    root: string,
    { url, credential }: MirrorAddress,
  ) {
    this.url = url;
    const address = credential === undefined ? url : `${url}\n${credential}`;
    this.directory = join(root, `${digestOf(address)}.git`);
  }

  async prepare(): Promise<void> {
    if (await stat(join(this.directory, 'HEAD')).catch(() => null)) return;
    await mkdir(this.directory, { recursive: true });
    await this.run(['init', '--quiet', '--bare'], never);
  }

  /** Fetches the branch and answers its head. */
  async fetchBranch(branch: string, journey: Journey): Promise<string> {
    const ref = branchRef(branch);
    await this.fetch(`+refs/heads/${branch}:${ref}`, journey);
    return (await this.revisionOf(ref)) ?? '';
  }

  async fetchRevision(revision: string, journey: Journey): Promise<void> {
    await this.fetch(`+${revision}:${pinRef(revision)}`, journey);
  }

  /** As it was last fetched; null: it never was. */
  headOf(branch: string): Promise<string | null> {
    return this.revisionOf(branchRef(branch));
  }

  isPinned(revision: string): Promise<boolean> {
    return this.revisionOf(pinRef(revision)).then((found) => found === revision);
  }

  async pin(revision: string): Promise<void> {
    await this.patiently(() => this.run(['update-ref', pinRef(revision), revision], never));
  }

  /** False also when one of them is not here. */
  async isAncestor(older: string, newer: string): Promise<boolean> {
    const args = ['rev-list', '--max-count=1', `${newer}..${older}`, '--'];
    return this.run(args, never).then(
      (printed) => printed.trim() === '',
      () => false,
    );
  }

  /** Writes the files of a revision; filters, hooks and submodules have no part in it. */
  async writeFiles(revision: string, directory: string): Promise<void> {
    const index = `${directory}.index`;
    const environment = { GIT_WORK_TREE: directory, GIT_INDEX_FILE: index };
    try {
      await this.run(['read-tree', `${revision}^{tree}`], never, environment);
      await this.run(['checkout-index', '--all', '--force', '--quiet'], never, environment);
    } finally {
      await rm(index, { force: true });
      await rm(`${index}.lock`, { force: true });
    }
  }

  /**
   * The text of a file of a revision, null when there is none; throws GitFailure when it holds more
   * bytes than `longest`.
   */
  async readText(revision: string, path: string, longest: number): Promise<string | null> {
    const object = `${revision}:${path}`;
    const kind = await this.run(['cat-file', '-t', object], never).catch(() => '');
    if (kind.trim() !== 'blob') return null;
    const size = Number(await this.run(['cat-file', '-s', object], never));
    if (size > longest) throw new GitFailure('refused', `${path} holds more than ${longest} bytes`);
    return this.run(['cat-file', 'blob', object], never);
  }

  /**
   * Packs what single fetches left lying about, and the refs that pin it, once there is much of it.
   * Nothing is thrown away. That it cannot be done now is no fault: there will be a next time.
   * Packs are put together seldom: whoever reads them just then has to look again.
   */
  async pack({ looseAtMost, packsAtMost }: MirrorBounds): Promise<void> {
    const counted = await this.run(['count-objects', '-v'], never).catch(() => '');
    const of = (what: string): number =>
      Number(new RegExp(`^${what}: (\\d+)$`, 'm').exec(counted)?.[1]);
    const together = of('packs') > packsAtMost;
    if (!together && !(of('count') > looseAtMost)) return;
    const args = ['repack', ...(together ? ['--geometric=2'] : []), '-d', '-l', '--quiet'];
    await this.run(args, never).catch(() => '');
    await this.run(['pack-refs', '--all'], never).catch(() => '');
  }

  private async fetch(refspec: string, journey: Journey): Promise<void> {
    const options = ['--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--progress'];
    const args = ['fetch', ...options, '--no-auto-maintenance', '--', this.url, refspec];
    await this.patiently(() => this.run(args, journey.cancellation, journey.environment));
  }

  private async revisionOf(ref: string): Promise<string | null> {
    const args = ['rev-parse', '--quiet', '--verify', '--end-of-options', `${ref}^{commit}`];
    const printed = await this.run(args, never).catch(() => '');
    return printed.trim() || null;
  }

  /** Another evaluator may hold git's lock on a ref, or have died with it. */
  private async patiently(work: () => Promise<unknown>): Promise<void> {
    for (let tried = 1; ; tried += 1) {
      try {
        await work();
        return;
      } catch (error) {
        const locked = error instanceof GitFailure && /lock|File exists/i.test(error.words);
        if (!locked || tried >= triesAtMost) throw error;
        await this.removeStaleLocks();
      }
    }
  }

  private async removeStaleLocks(): Promise<void> {
    const files = await readdir(this.directory, { recursive: true });
    for (const file of files.filter((name) => name.endsWith('.lock'))) {
      const path = join(this.directory, file);
      const found = await stat(path).catch(() => null);
      if (found && Date.now() - found.mtimeMs > staleLockMilliseconds) {
        await rm(path, { force: true });
      }
    }
  }

  private run(
    args: readonly string[],
    cancellation: Cancellation,
    environment: Environment = {},
  ): Promise<string> {
    return this.git.run({ gitDirectory: this.directory, args, cancellation, environment });
  }
}

function branchRef(branch: string): string {
  return `refs/gambeson/branches/${digestOf(branch)}`;
}

function pinRef(revision: string): string {
  return `refs/gambeson/pins/${revision}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}
