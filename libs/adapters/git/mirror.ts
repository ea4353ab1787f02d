/**
 * A bare mirror of one channel address on disk. Branches lie under refs of our own, named by a
 * digest of the branch, so that `a` may go and `a/b` come; revisions that were used are pinned by a
 * ref, so that a rewound branch does not take them away.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { never, type Cancellation } from '#std/cancellation.js';
import { GitFailure, type GitCommand } from './git-command.js';

const staleLockMilliseconds = 15 * 60 * 1000;
const triesAtMost = 4;

export class Mirror {
  readonly directory: string;

  constructor(
    private readonly git: GitCommand,
    root: string,
    readonly url: string,
  ) {
    this.directory = join(root, `${digestOf(url)}.git`);
  }

  async prepare(): Promise<void> {
    if (await stat(join(this.directory, 'HEAD')).catch(() => null)) return;
    await mkdir(this.directory, { recursive: true });
    await this.run(['init', '--quiet', '--bare'], never);
  }

  /** Fetches the branch and answers its head. */
  async fetchBranch(branch: string, cancellation: Cancellation): Promise<string> {
    const ref = branchRef(branch);
    await this.fetch(`+refs/heads/${branch}:${ref}`, cancellation);
    return (await this.revisionOf(ref)) ?? '';
  }

  async fetchRevision(revision: string, cancellation: Cancellation): Promise<void> {
    await this.fetch(`+${revision}:${pinRef(revision)}`, cancellation);
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

  private async fetch(refspec: string, cancellation: Cancellation): Promise<void> {
    const options = ['--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--progress'];
    const args = ['fetch', ...options, '--no-auto-maintenance', '--', this.url, refspec];
    await this.patiently(() => this.run(args, cancellation));
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
    environment: Readonly<Record<string, string>> = {},
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
