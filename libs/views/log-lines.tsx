/** Lines of a log as rows: a number that is a link, and text nodes with colours. */
import type { LogLine, LogRun } from '#protocol/api/log.js';
import { bytes } from './words.js';

interface Props {
  readonly lines: readonly LogLine[];
  /** Numbers of lines that tell an error. */
  readonly errors: ReadonlySet<number>;
  /** Address of some lines of the raw log: `…?lines=`. */
  readonly raw: string;
}

export function LogRows({ lines, errors, raw }: Props) {
  return (
    <>
      {lines.map((line) => (
        <div
          class={errors.has(line.number) ? 'line error' : 'line'}
          id={`L${line.number}`}
          data-at={line.at ?? undefined}
        >
          <a class="no" href={`#L${line.number}`} tabindex={-1} aria-label={`Line ${line.number}`}>
            {line.number}
          </a>
          <span class="text">
            <Runs runs={line.runs ?? [[line.text, '']]} />
            <Long line={line} raw={raw} />
          </span>
        </div>
      ))}
    </>
  );
}

export function Runs({ runs }: { runs: readonly LogRun[] }) {
  return (
    <>
      {runs.map(([text, classes, link]) =>
        link !== undefined ? (
          <a
            class={classes === '' ? undefined : classes}
            href={link}
            title={link}
            rel="noopener noreferrer nofollow ugc"
          >
            {text}
          </a>
        ) : classes === '' ? (
          text
        ) : (
          <span class={classes}>{text}</span>
        ),
      )}
    </>
  );
}

/** What is not shown of a line of megabytes is one address away. */
function Long({ line, raw }: { line: LogLine; raw: string }) {
  if (line.longBytes === null) return null;
  return (
    <a class="more" href={`${raw}${line.number}`}>
      {` … the whole line, ${bytes(line.longBytes)}`}
    </a>
  );
}
