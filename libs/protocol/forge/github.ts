/**
 * What GitHub sends as a webhook: `push`, `pull_request` and `ping`, by its documentation of
 * "Webhook events and payloads".
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
  git_url: Address.nullish(),
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
    author_association: z.string(),
    labels: z.array(z.object({ name: z.string() })).max(1000),
    base: z.object({ ref: Ref }),
    head: z.object({ ref: Ref, sha: Sha, repo: Repository.nullable() }),
  }),
});

/** Who may write: a contributor is anybody of whom a commit was taken once. */
const collaborators = new Set(['OWNER', 'MEMBER', 'COLLABORATOR']);

export const readGithub: EventReader = (event, body) => {
  if (event === 'ping') return ok({ kind: 'ping' });
  if (event === 'push') return readAs(Push, body, (push) => pushOf(placesOfIt(push), push));
  if (event !== 'pull_request') return ok(other(event));
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
      head: repo && { address: repo.clone_url, sameRepository, branch, revision },
      author: request.user.login.toLowerCase(),
      collaborator: sameRepository || collaborators.has(request.author_association),
      labels: request.labels.map(({ name }) => name),
      updatedAt: request.updated_at,
    };
  });
};

function placesOfIt({ repository }: { readonly repository: z.infer<typeof Repository> }) {
  const { full_name: name, clone_url, ssh_url, git_url, html_url } = repository;
  return placesOf(name, [clone_url, ssh_url, git_url, html_url]);
}
