/** A revision as pages show it: a link to what the farm knows of the commit, and to its forge. */
import { commitAddress, rangeAddress } from '#domain/forge/commit-address.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';

export function Commit({ revision, url }: { revision: string; url: string }) {
  const outside = commitAddress(url, revision);
  return (
    <>
      <a href={`/commits/${revision}`}>
        <code class="revision" title={revision}>
          {revision.slice(0, 12)}
        </code>
      </a>
      {outside === null ? null : (
        <>
          {' '}
          <a
            class="quiet"
            href={outside}
            rel="noreferrer"
            aria-label={`${revision.slice(0, 12)} at its forge`}
          >
            forge
          </a>
        </>
      )}
    </>
  );
}

/** What came between two revisions; the newer one alone where there was none before. */
export function Range({ from, to, url }: { from: string | null; to: string; url: string }) {
  if (from === null || from === to) return <Commit revision={to} url={url} />;
  const outside = rangeAddress(url, from, to);
  const words = `${from.slice(0, 7)}..${to.slice(0, 7)}`;
  return (
    <>
      <Commit revision={to} url={url} />{' '}
      {outside === null ? (
        <code class="quiet">{words}</code>
      ) : (
        <a href={outside} rel="noreferrer">
          <code>{words}</code>
        </a>
      )}
    </>
  );
}

type Checkouts = EvaluationAnswer['checkouts'];

/** Of the same channel at the same address, where that was read too. */
export function revisionIn(
  older: Checkouts | undefined,
  { channel, url }: Checkouts[number],
): string | null {
  const same = older?.find((one) => one.channel === channel && one.url === url);
  return same?.revision ?? null;
}
