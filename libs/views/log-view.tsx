/**
 * The end of a log inside a page: 500 lines or 128 KiB at most, as text nodes with colours. The
 * rest is one click away as it was written. A live one names where its stream goes on.
 */
import { ansiSpans, lastDrawings, type Span } from './ansi.js';
import { bytes } from './words.js';

export const tailLines = 500;
export const tailBytes = 128 * 1024;
/** A line beyond it is cut: one line of megabytes would be no page. */
const lineCharacters = 4000;

export interface LogTail {
  /** Text of the last `tailBytes` bytes at most, whole characters. */
  readonly text: string;
  /** Of the whole log. */
  readonly size: number;
  /** Whether the text begins where the log does. */
  readonly whole: boolean;
}

export const emptyTail: LogTail = { text: '', size: 0, whole: true };

interface Props {
  readonly tail: LogTail;
  /** Address of its page. */
  readonly page: string;
  /** Address of the stream that goes on where the tail ends. */
  readonly stream?: string | undefined;
  /** False: nobody writes it yet; the stream then waits for who begins. */
  readonly begun?: boolean;
}

export function LogView({ tail, page, stream, begun = true }: Props) {
  const { text, lines, cut } = lastLines(tail);
  if (tail.size === 0 && stream === undefined) return <p class="empty">The log is empty.</p>;
  if (tail.size === 0 && !begun) {
    return (
      <>
        <p class="empty">It is written when a worker begins.</p>
        <pre class="log" data-stream={stream} data-keep hidden />
      </>
    );
  }
  return (
    <>
      <p class="quiet">
        {cut ? `The last ${lines} lines of ${bytes(tail.size)}. ` : `${bytes(tail.size)}. `}
        <a href={page}>All of the log</a>
        {stream ? (
          <span class="following" hidden>
            {' '}
            · following
          </span>
        ) : null}
      </p>
      <pre
        class="log"
        tabindex={0}
        role="log"
        aria-live="off"
        aria-label="Log"
        data-stream={stream}
        data-keep={stream === undefined ? undefined : true}
      >
        <Spans spans={ansiSpans(text)} />
      </pre>
    </>
  );
}

export interface LastLines {
  readonly text: string;
  readonly lines: number;
  /** Whether the log has more than these. */
  readonly cut: boolean;
}

export function lastLines(tail: LogTail): LastLines {
  const all = lastDrawings(tail.text).split('\n');
  // The first line of a cut text may be half of one.
  const whole = tail.whole || all.length === 1 ? all : all.slice(1);
  const ends = whole.at(-1) === '' ? whole.length - 1 : whole.length;
  const first = Math.max(0, ends - tailLines);
  const text = whole.slice(first).map(shortened).join('\n');
  return { text, lines: ends - first, cut: !tail.whole || first > 0 };
}

function shortened(line: string): string {
  return line.length > lineCharacters ? `${line.slice(0, lineCharacters)} …` : line;
}

function Spans({ spans }: { spans: readonly Span[] }) {
  return (
    <>
      {spans.map(({ text, classes }) =>
        classes === '' ? text : <span class={classes}>{text}</span>,
      )}
    </>
  );
}
