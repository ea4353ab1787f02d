/**
 * What Gitea and Forgejo send as a webhook: `push` and `pull_request` (its kinds `_sync` and
 * `_label` too), by their documentation of webhooks and of the API's types.
 */
import { z } from 'zod';
import { ok } from '#std/result.js';
import { pushOf } from '#domain/forge/forge-event.js';
import {
  Account,
  Address,
  Count,
  happened,
  other,
  placesOf,
  readAs,
  Ref,
  Sha,
  When,
  type EventReader,
} from './reading.js';

const Repository = z.object({
  id: z.int(),
  full_name: z.string().min(3).max(512),
  clone_url: Address,
  ssh_url: Address.nullish(),
  html_url: Address.nullish(),
});

const Push = z.object({ ref: Ref, after: Sha, repository: Repository });

const PullRequest = z.object({
  action: z.string(),
  number: Count,
  repository: Repository,
  pull_request: z.object({
    state: z.enum(['open', 'closed']),
    updated_at: When,
    user: z.object({ login: Account }),
    labels: z
      .array(z.object({ name: z.string() }))
      .max(1000)
      .nullish(),
    base: z.object({ ref: Ref }),
    head: z.object({ ref: Ref, sha: Sha, repo: Repository.nullish() }),
  }),
});

/** Comments and reviews bear the name of a request, too, but are told in other words. */
const requestEvents = new Set([
  'pull_request',
  'pull_request_sync',
  'pull_request_label',
  'pull_request_assign',
  'pull_request_milestone',
]);

export const readGitea: EventReader = (event, body) => {
  if (event === 'push') return readAs(Push, body, (push) => pushOf(placesOfIt(push), push));
  if (!requestEvents.has(event)) return ok(other(event));
  return readAs(PullRequest, body, (told) => {
    const { pull_request: request, repository } = told;
    const { repo, ref: branch, sha: revision } = request.head;
    const sameRepository = repo?.id === repository.id;
    return {
      kind: 'request',
      repository: placesOfIt(told),
      number: told.number,
      happened: happened(request.state === 'open', /^(re)?opened$/.test(told.action)),
      base: request.base.ref,
      head: repo ? { address: repo.clone_url, sameRepository, branch, revision } : null,
      author: request.user.login.toLowerCase(),
      // It does not say who the author is; who may write has a branch in the repository itself.
      collaborator: sameRepository,
      labels: (request.labels ?? []).map(({ name }) => name),
      updatedAt: request.updated_at,
    };
  });
};

function placesOfIt({ repository }: { readonly repository: z.infer<typeof Repository> }) {
  const { full_name: name, clone_url, ssh_url, html_url } = repository;
  return placesOf(name, [clone_url, ssh_url, html_url]);
}
