/** Lines as they lie in a log become lines as they are shown: text, looks, and when they came. */
import type { RawLine, RawLines } from '#adapters/log-store/line-reader.js';
import { timeOf, type ArrivalTime } from '#adapters/log-store/log-companions.js';
import { drawLine, type Run } from '#domain/log/drawn-line.js';
import { classesOf, StylePen, type Style } from '#domain/log/style.js';
import type { LogLine, LogRun } from '#protocol/api/log.js';

/** More of a line is no reading: the whole of it is one address away. */
export const charactersAtMost = 4000;
/** Of a line in a thousand colours the rest is plain. */
const runsAtMost = 200;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function drawLines(
  { style, before, lines }: RawLines,
  { times, looks }: { readonly times: readonly ArrivalTime[]; readonly looks: boolean },
): LogLine[] {
  const pen = new StylePen(style);
  for (const line of before) drawn(line, pen);
  return lines.map((line) => {
    const { runs, cut } = shortened(drawn(line, pen));
    const at = timeOf(times, line.start);
    return {
      number: line.number,
      text: runs.map(({ text }) => text).join(''),
      ...(looks && { runs: runs.map(printRun) }),
      at: at === null ? null : new Date(at).toISOString(),
      longBytes: cut || line.tail !== null ? line.length : null,
    };
  });
}

/** Of a line too long to be held, its beginning; or its last drawing, when it is drawn over. */
function drawn({ head, tail }: RawLine, pen: StylePen): Run<Style>[] {
  const begin = decoder.decode(head);
  const end = tail === null ? '' : decoder.decode(tail);
  const returned = end.trimEnd().lastIndexOf('\r');
  const runs = drawLine(returned === -1 ? begin : end.slice(returned + 1), pen);
  // A link ends with its line.
  pen.link('');
  return runs;
}

function shortened(runs: readonly Run<Style>[]): { runs: Run<Style>[]; cut: boolean } {
  const kept: Run<Style>[] = [];
  let left = charactersAtMost;
  for (const run of runs) {
    if (left <= 0) return { runs: kept, cut: true };
    const text = run.text.length > left ? run.text.slice(0, left).toWellFormed() : run.text;
    const last = kept.at(-1);
    if (kept.length >= runsAtMost && last) {
      kept[kept.length - 1] = { ...last, text: last.text + text };
    } else kept.push({ ...run, text });
    left -= run.text.length;
  }
  return { runs: kept, cut: left < 0 };
}

function printRun({ text, style }: Run<Style>): LogRun {
  return style.link === null ? [text, classesOf(style)] : [text, classesOf(style), style.link];
}
