/**
 * What GitLab sends as a webhook: "Push Hook" and "Merge Request Hook" (and the same from system
 * hooks), by its documentation of webhook events.
 */
import { z } from 'zod';
import { err, ok } from '#std/result.js';
import { pushOf } from '#domain/forge/forge-event.js';
import {
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
  path_with_namespace: z.string().min(3).max(1024),
  git_http_url: Address.nullish(),
  git_ssh_url: Address.nullish(),
  web_url: Address.nullish(),
});

const Push = z.object({ ref: Ref, after: Sha, project: Repository });

const MergeRequest = z.object({
  project: Repository,
  labels: z
    .array(z.object({ title: z.string() }))
    .max(1000)
    .nullish(),
  object_attributes: z.object({
    iid: Count,
    action: z.string().nullish(),
    state: z.string(),
    updated_at: When,
    source_branch: Ref,
    target_branch: Ref,
    source_project_id: z.int().nullable(),
    target_project_id: z.int(),
    source: Repository.nullish(),
    last_commit: z.object({ id: Sha }).nullable(),
  }),
});
type MergeRequest = z.infer<typeof MergeRequest>;

/** A system hook tells of accounts and the like in other words. */
const Kind = z.object({ object_kind: z.string().max(100).default('something') });

export const readGitlab: EventReader = (_event, body) => {
  const kind = Kind.safeParse(body);
  if (!kind.success) return err('the body tells no kind');
  const { object_kind: kindOfIt } = kind.data;
  if (kindOfIt === 'push') {
    return readAs(Push, body, (push) => pushOf(placesOfIt(push.project), push));
  }
  if (kindOfIt !== 'merge_request') return ok(other(kindOfIt));
  return readAs(MergeRequest, body, ({ project, labels, object_attributes: request }) => {
    const head = headOf(request);
    return {
      kind: 'request',
      repository: placesOfIt(project),
      number: request.iid,
      happened: happened(
        request.state === 'opened' || request.state === 'locked',
        /^(re)?open$/.test(request.action ?? ''),
      ),
      base: request.target_branch,
      head,
      // Only a number says who the author is: a fork is known by whose it is.
      author: (request.source?.path_with_namespace ?? '').replace(/\/[^/]*$/, '').toLowerCase(),
      collaborator: head?.sameRepository === true,
      labels: (labels ?? []).map(({ title }) => title),
      updatedAt: request.updated_at,
    };
  });
};

function headOf(request: MergeRequest['object_attributes']) {
  const { source, last_commit: commit, source_branch: branch } = request;
  const address = source?.git_http_url ?? source?.web_url;
  if (!commit || !address || request.source_project_id === null) return null;
  const sameRepository = request.source_project_id === request.target_project_id;
  return { address, sameRepository, branch, revision: commit.id };
}

function placesOfIt(repository: z.infer<typeof Repository>) {
  const { path_with_namespace: name, git_http_url, git_ssh_url, web_url } = repository;
  return placesOf(name, [git_http_url, git_ssh_url, web_url]);
}
