/**
 * Writes the status of a commit, after the public documents of each forge: GitHub's "Create a
 * commit status", GitLab's "Set the pipeline status of a commit", and `repos/{owner}/{repo}/
 * statuses/{sha}` of Gitea and Forgejo. An admin configured the forge, so its address may be one of
 * the farm's own network.
 */
import type { CommitStatus, ForgeAnswer, ForgeWriter } from '#application/ports/forge-writer.js';
import type { CommitWord } from '#domain/forge/commit-status.js';
import type { Forge } from '#domain/forge/forge.js';
import { guardedRequest, type Answered, type Outgoing } from './guarded-request.js';
import { ReachableAddresses } from '#adapters/system/reachable-addresses.js';
import { secondsUntil } from './webhook-courier.js';

export interface ForgeStatusSettings {
  readonly timeoutSeconds: number;
  /** Of a credential; throws FarmFault. */
  readonly secret: (name: string) => Promise<string>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const anywhere = new ReachableAddresses(['0.0.0.0/0', '::/0']);
/** GitHub's bound; GitLab's is 255. */
const descriptionAtMost = 140;
const restWithoutWord = 60;

export function forgeStatusWriter({
  timeoutSeconds,
  secret,
  clock,
}: ForgeStatusSettings): ForgeWriter {
  return async (forge, status, cancellation) => {
    if (forge.statusCredential === null) {
      return refused('the forge has no credential for statuses');
    }
    const token = await secret(forge.statusCredential);
    const guard = { addresses: anywhere, timeoutSeconds, cancellation };
    return answerOf(await guardedRequest(guard, statusRequest(forge, status, token)), clock());
  };
}

/** Exported for those who check it against the documents. */
export function statusRequest(
  { kind, apiAddress }: Pick<Forge, 'kind' | 'apiAddress'>,
  { repository, revision, context, word, description: long, url }: CommitStatus,
  token: string,
): Outgoing {
  const json = { accept: 'application/json', 'content-type': 'application/json' };
  const description = long.slice(0, descriptionAtMost);
  const method = 'POST';
  if (kind === 'gitlab') {
    const of = encodeURIComponent(repository);
    const body = { state: gitlabWords[word], name: context, target_url: url, description };
    return {
      ...{ method, url: `${apiAddress}/projects/${of}/statuses/${revision}` },
      headers: { ...json, 'private-token': token },
      body: JSON.stringify(body),
    };
  }
  const path = repository.split('/').map(encodeURIComponent).join('/');
  const body = { state: word, context, target_url: url, description };
  const github = {
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    authorization: `Bearer ${token}`,
  };
  return {
    ...{ method, url: `${apiAddress}/repos/${path}/statuses/${revision}` },
    headers: { ...json, ...(kind === 'github' ? github : { authorization: `token ${token}` }) },
    body: JSON.stringify(body),
  };
}

const gitlabWords: Readonly<Record<CommitWord, string>> = {
  pending: 'running',
  success: 'success',
  failure: 'failed',
  error: 'canceled',
};

/** What the forge says of this commit is for good; what it says of itself or of us may change. */
function answerOf({ status, headers, text }: Answered, now: number): ForgeAnswer {
  const answer = `${status} ${text}`.trim();
  if (status >= 200 && status < 300) return answered('delivered', answer);
  // GitLab has it so already.
  if (status === 400 && /cannot transition status/i.test(text))
    return answered('delivered', answer);
  const restSeconds = rateLimit(status, headers, now);
  if (restSeconds > 0) {
    return { outcome: { kind: 'failed', answer, afterSeconds: restSeconds }, restSeconds };
  }
  const forGood = status >= 400 && status < 500 && ![401, 408, 429].includes(status);
  return answered(forGood ? 'refused' : 'failed', answer);
}

/** GitHub answers 403 or 429, and says when in one of two ways. */
function rateLimit(status: number, headers: Answered['headers'], now: number): number {
  const used = headers['x-ratelimit-remaining'] === '0';
  const after = headers['retry-after'];
  if (status !== 429 && !(status === 403 && (used || after !== undefined))) return 0;
  const reset = Number(headers['x-ratelimit-reset']);
  const told =
    after !== undefined
      ? secondsUntil(after, now)
      : used && Number.isFinite(reset)
        ? reset - now / 1000
        : undefined;
  return Math.max(1, told ?? restWithoutWord);
}

function answered(kind: 'delivered' | 'refused' | 'failed', answer: string): ForgeAnswer {
  return { outcome: { kind, answer }, restSeconds: 0 };
}

function refused(answer: string): ForgeAnswer {
  return answered('refused', answer);
}
