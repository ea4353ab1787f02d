/** The small parts that all pages are made of. */
import type { ComponentChildren } from 'preact';
import type { BuildSummary } from '#protocol/api/build.js';
import type { JobCounts } from '#protocol/api/evaluation.js';
import type { Estimate } from '#protocol/api/page.js';
import { drawings, jobOrder, shapes, type StatusWord } from './statuses.js';
import { clipped, count, duration, plainTime, relative, secondsBetween } from './words.js';

export function Status({ status, note }: { status: StatusWord; note?: string | null }) {
  const { tone, shape } = drawings[status];
  return (
    <span class={`status ${tone}`}>
      <span class="mark">
        <svg width="14" height="14" aria-hidden="true">
          <use href={`#${shape}`} />
        </svg>
        {status}
      </span>
      {note && !status.endsWith(note) ? <span class="note">{note}</span> : null}
    </span>
  );
}

export function Time({ at, now }: { at: string | null; now: Date }) {
  if (at === null) return <span class="quiet">–</span>;
  return (
    <time datetime={at} title={plainTime(at)}>
      {relative(at, now)}
    </time>
  );
}

/** When something is to happen: what is due happens any moment, and not some time ago. */
export function Coming({ at, now }: { at: string; now: Date }) {
  return (
    <time datetime={at} title={plainTime(at)} data-coming>
      {new Date(at) <= now ? 'any moment' : relative(at, now)}
    </time>
  );
}

/** On the clock, whatever the reader prefers: in UTC, or in the reader's zone by the script. */
export function Clock({ at }: { at: string }) {
  return (
    <time datetime={at} data-clock>
      {plainTime(at)}
    </time>
  );
}

/** The shapes of all statuses, once for a page. */
export function Shapes() {
  return (
    <svg class="shapes" width="0" height="0" aria-hidden="true">
      {Object.entries(shapes).map(([name, path]) => (
        <symbol id={name} viewBox="0 0 16 16">
          <path d={path} />
        </symbol>
      ))}
    </svg>
  );
}

/** From start to end, or until now while it goes on. */
export function Took({ from, to, now }: { from: string | null; to: string | null; now: Date }) {
  if (from === null) return <span class="quiet">–</span>;
  return <span class="number">{duration(secondsBetween(from, to ?? now))}</span>;
}

export function Revision({ revision }: { revision: string | null }) {
  if (revision === null) return <span class="quiet">–</span>;
  return (
    <code class="revision" title={revision}>
      {revision.slice(0, 12)}
    </code>
  );
}

/** How many jobs are in each status, as one bar: every status has a width, a colour and a title. */
export function CountsBar({ jobs }: { jobs: JobCounts }) {
  const order = jobOrder.toReversed().filter((status) => (jobs[status] ?? 0) > 0);
  const total = order.reduce((sum, status) => sum + (jobs[status] ?? 0), 0);
  if (total === 0) return null;
  let x = 0;
  return (
    <svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
      {order.map((status) => {
        const number = jobs[status] ?? 0;
        const width = (1000 * number) / total;
        x += width;
        return (
          <rect class={drawings[status].tone} x={x - width} y="0" width={width} height="10">
            <title>{`${count(number)} ${status}`}</title>
          </rect>
        );
      })}
    </svg>
  );
}

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

interface TableProps {
  readonly head: readonly string[];
  /** What the table tells, for those who do not see where it stands; the head unless said. */
  readonly caption?: string;
  readonly children: ComponentChildren;
}

/** A wide table scrolls in its own box, by keys too, so that the page never does. */
export function Table({ head, caption, children }: TableProps) {
  const name = caption ?? head.filter((word) => word !== '').join(', ');
  return (
    <div class="scroll" role="group" aria-label={name} tabindex={0}>
      <table>
        {caption ? <caption class="unseen">{caption}</caption> : null}
        <thead>
          <tr>
            {head.map((word) => (
              <th scope="col">{word}</th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

export function BuildRows({ builds, now }: { builds: readonly BuildSummary[]; now: Date }) {
  return (
    <>
      {builds.map((build) => (
        <tr>
          <td>
            <Status status={build.status} note={build.reason} />
          </td>
          <td>
            <a href={`/builds/${build.id}`}>{clipped(build.name)}</a>
          </td>
          <td class="quiet">{build.system}</td>
          <td>
            <Took from={build.startedAt} to={build.endedAt} now={now} />
          </td>
          <td>
            <Time at={build.endedAt ?? build.startedAt ?? build.scheduledAt} now={now} />
          </td>
        </tr>
      ))}
    </>
  );
}

export const buildHead = ['Status', 'Build', 'System', 'Took', 'When'] as const;

/** Its button is shown by the script `copy`. */
export function Command({ text }: { text: string }) {
  return (
    <>
      <button type="button" class="copy" data-keep hidden>
        Copy
      </button>
      <pre class="command" tabindex={0}>
        <code>{text}</code>
      </pre>
    </>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** So many letters and lines are seen without scrolling. */
const seen = { letters: 300, lines: 8 };

/** What a program said when it failed, as it said it. A long one is scrolled, by keys too. */
export function Fault({ text }: { text: string }) {
  const isLong = text.length > seen.letters || text.split('\n').length > seen.lines;
  return (
    <pre class="fault" tabindex={isLong ? 0 : undefined}>
      {text}
    </pre>
  );
}

/** What the planner expects; nothing when it expects nothing. */
export function Expected({ estimate, now }: { estimate: Estimate | null; now: Date }) {
  if (estimate === null) return null;
  const { startsAt, endsAt } = estimate;
  return (
    <p class="estimate">
      Expected
      {startsAt === null ? null : (
        <>
          {' '}
          to start <Coming at={startsAt} now={now} />
        </>
      )}
      {startsAt !== null && endsAt !== null ? ' and' : ''}
      {endsAt === null ? null : (
        <>
          {' '}
          to end <Coming at={endsAt} now={now} />
        </>
      )}
      .
    </p>
  );
}
