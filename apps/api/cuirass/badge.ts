/** A badge for a README: how much of an evaluation is built. Our own drawing. */
export interface BadgeCounts {
  readonly jobs: number;
  readonly succeeded: number;
}

const height = 20;
/** Of the letters below, about; a badge need not be exact. */
const letterWidth = 6.6;
const margin = 6;

/** `counts` is null where nothing was evaluated yet. With a name it stands at the left. */
export function badgeSvg(counts: BadgeCounts | null, name: string | null): string {
  const word = wordOf(counts);
  const label = name === null ? 'substitutes' : `${name} substitutes`;
  const left = widthOf(label);
  const width = left + widthOf(word);
  const title = escaped(`${label}: ${word}`);
  const text = (x: number, content: string) =>
    `<text x="${x}" y="14" textLength="${Math.round(content.length * letterWidth)}">` +
    `${escaped(content)}</text>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img" ` +
    `aria-label="${title}"><title>${title}</title>` +
    `<rect width="${left}" height="${height}" fill="#444"/>` +
    `<rect x="${left}" width="${width - left}" height="${height}" fill="${colourOf(counts)}"/>` +
    `<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">` +
    `${text(margin, label)}${text(left + margin, word)}</g></svg>\n`
  );
}

/** An evaluation without jobs has built all of them. */
function percentOf({ jobs, succeeded }: BadgeCounts): number {
  return jobs === 0 ? 100 : Math.floor((100 * succeeded) / jobs);
}

function wordOf(counts: BadgeCounts | null): string {
  return counts === null ? 'error' : `${percentOf(counts)}%`;
}

function colourOf(counts: BadgeCounts | null): string {
  if (counts === null) return '#777';
  const percent = percentOf(counts);
  if (percent >= 90) return '#2a7d2e';
  return percent >= 50 ? '#9a6700' : '#b3261e';
}

function widthOf(text: string): number {
  return Math.round(text.length * letterWidth) + 2 * margin;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
