/**
 * Runs git by simple-git, cut off from every configuration but ours: no hooks, no prompts, no
 * credential helpers, no submodules, only the protocols named. A call that says nothing for too
 * long or takes too long in all is killed.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { simpleGit } from 'simple-git';
import type { Cancellation } from '#std/cancellation.js';
import { sentenceOf } from '#std/farm-fault.js';
import { withoutCredentials } from '#domain/specification/channel-grammar.js';

export interface GitLimits {
  /** Seconds in which git must say something; it is told to report its progress. */
  readonly idleSeconds: number;
  readonly totalSeconds: number;
}

export interface GitCall {
  readonly gitDirectory: string;
  readonly args: readonly string[];
  readonly cancellation: Cancellation;
  readonly environment?: Readonly<Record<string, string>>;
}

/** What git said when it refused, without passwords; the error beneath has them, and is dropped. */
export class GitFailure extends Error {
  override readonly name = 'GitFailure';

  constructor(
    readonly kind: 'refused' | 'timed-out' | 'canceled',
    readonly words: string,
  ) {
    super(words);
  }
}

/**
 * `safe.directory` must be said here, in the global file: the upload-pack that git starts for a
 * file:// address owned by another user forgets what is said on the command line or in variables.
 * Neither upload-pack nor our own calls run anything that a foreign repository configures.
 */
const configuration = `[safe]
\tdirectory = *
[core]
\thooksPath = /dev/null
\tfsmonitor = false
\tsymlinks = true
[gc]
\tauto = 0
[maintenance]
\tauto = false
[submodule]
\trecurse = false
[fetch]
\trecurseSubmodules = false
\tfsckObjects = false
[transfer]
\tcredentialsInUrl = allow
[advice]
\tdetachedHead = false
[http]
\tlowSpeedLimit = 1
`;

/** What git may see of our own environment: the way to the network, and nothing secret. */
const inherited = [
  ...['PATH', 'SSH_AUTH_SOCK', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY'],
];

export class GitCommand {
  private configured: Promise<string> | undefined;

  constructor(
    private readonly directory: string,
    private readonly limits: GitLimits,
    private readonly protocols: string,
  ) {}

  /** Standard output; throws GitFailure. */
  async run(call: GitCall): Promise<string> {
    const standing = await this.environmentOf(call.gitDirectory);
    const ended = new AbortController();
    const cancel = (): void => ended.abort();
    const timer = setTimeout(cancel, this.limits.totalSeconds * 1000);
    call.cancellation.addEventListener('abort', cancel);
    if (call.cancellation.aborted) cancel();
    const environment = { ...standing, ...call.environment };
    try {
      return await simpleGit({
        baseDir: call.gitDirectory,
        abort: ended.signal,
        timeout: { block: this.limits.idleSeconds * 1000 },
        unsafe: {
          allowUnsafeAskPass: true,
          // channel-reach.ts says with it where git may go.
          allowUnsafeConfigEnvCount: true,
          allowUnsafeConfigPaths: true,
          allowUnsafeSshCommand: true,
        },
        allowEnvironment: Object.keys(environment),
      })
        .env(environment)
        .raw([...call.args]);
    } catch (cause) {
      throw this.failureOf(cause, call.cancellation.aborted, ended.signal.aborted);
    } finally {
      clearTimeout(timer);
      call.cancellation.removeEventListener('abort', cancel);
    }
  }

  /** All that git is to see, for whoever runs it alone. */
  async environmentOf(gitDirectory: string): Promise<Record<string, string>> {
    const config = await (this.configured ??= this.configure());
    const environment: Record<string, string> = {
      GIT_DIR: gitDirectory,
      GIT_CONFIG_GLOBAL: config,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_ALLOW_PROTOCOL: this.protocols,
      GIT_TERMINAL_PROMPT: '0',
      GIT_NO_LAZY_FETCH: '1',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_NO_REPLACE_OBJECTS: '1',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_HTTP_LOW_SPEED_LIMIT: '1',
      GIT_HTTP_LOW_SPEED_TIME: String(Math.ceil(this.limits.idleSeconds)),
      GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oConnectTimeout=20',
      HOME: this.directory,
      LC_ALL: 'C',
    };
    for (const name of inherited) {
      const value = process.env[name];
      if (value !== undefined) environment[name] = value;
    }
    return environment;
  }

  private async configure(): Promise<string> {
    const path = join(this.directory, 'gitconfig');
    const staged = `${path}.${process.pid}`;
    await mkdir(this.directory, { recursive: true });
    await writeFile(staged, configuration);
    await rename(staged, path);
    return path;
  }

  private failureOf(cause: unknown, canceled: boolean, aborted: boolean): GitFailure {
    if (canceled) return new GitFailure('canceled', 'nobody waits for it any more');
    const text = sentenceOf(cause);
    const { idleSeconds, totalSeconds } = this.limits;
    if (aborted) {
      return new GitFailure('timed-out', `not done after ${totalSeconds} s`);
    }
    if (/block timeout reached/i.test(text)) {
      return new GitFailure('timed-out', `no answer for ${idleSeconds} s`);
    }
    return new GitFailure('refused', wordsOf(text));
  }
}

/** The lines in which git says why, without progress, hints and passwords. */
export function wordsOf(text: string): string {
  const lines = withoutCredentials(text)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const telling = lines.filter((line) => /^(fatal|error|remote|ssh|warning):/i.test(line));
  return (telling.length > 0 ? telling : lines).slice(0, 12).join('\n').slice(0, 2000);
}
