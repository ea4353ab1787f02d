/** The rows of checkouts: what one evaluation reads, in the order of its specification. */
import type { EvaluationId } from '#domain/ids.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';
import type { Client } from './database.js';

interface CheckoutRow {
  channel: string;
  url: string;
  branch: string;
  revision: string;
  introduction_commit: string | null;
  introduction_fingerprint: string | null;
  via: string | null;
}

/** Those that the specification names come first, then those that were pulled in after them. */
export async function checkoutsOf(
  client: Client,
  evaluation: EvaluationId,
): Promise<ChannelRevision[]> {
  const { rows } = await client.query<CheckoutRow>(
    `select channel, url, branch, revision, introduction_commit, introduction_fingerprint, via
       from checkouts where evaluation_id = $1 order by position, channel`,
    [evaluation],
  );
  return rows.map(revisionOf);
}

/** Their order is kept. */
export async function insertCheckouts(
  client: Client,
  evaluation: EvaluationId,
  checkouts: readonly ChannelRevision[],
): Promise<void> {
  for (const [position, checkout] of checkouts.entries()) {
    const { channel, url, branch, revision, introduction, via } = checkout;
    await client.query(
      `insert into checkouts (evaluation_id, position, channel, url, branch, revision,
                              introduction_commit, introduction_fingerprint, via)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        ...[evaluation, position, channel, url, branch, revision],
        ...[introduction?.commit ?? null, introduction?.fingerprint ?? null, via ?? null],
      ],
    );
  }
}

function revisionOf(row: CheckoutRow): ChannelRevision {
  const { channel, url, branch, revision, via } = row;
  const { introduction_commit: commit, introduction_fingerprint: fingerprint } = row;
  return {
    ...{ channel, url, branch, revision },
    ...(commit !== null && fingerprint !== null ? { introduction: { commit, fingerprint } } : {}),
    ...(via !== null ? { via } : {}),
  };
}
