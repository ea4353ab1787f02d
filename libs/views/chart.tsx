/** A row of bars drawn on the server, with the same figures as a table below it. */
import type { ComponentChildren } from 'preact';
import type { Tone } from './statuses.js';

export interface Bar {
  /** Where it stands: a day, a build. */
  readonly label: string;
  readonly value: number;
  /** The value as people read it. */
  readonly told: string;
  readonly tone: Tone;
  readonly address?: string;
}

interface Props {
  readonly title: string;
  /** Heads of the table: of labels and of values. */
  readonly head: readonly [string, string];
  /** From left to right. */
  readonly bars: readonly Bar[];
  /** What the eye should know: the typical value, the range. */
  readonly children?: ComponentChildren;
}

const width = 12;
const height = 60;

/** Bars begin at zero, so that twice as high is twice as much. */
export function BarChart({ title, head, bars, children }: Props) {
  const most = Math.max(...bars.map(({ value }) => value), 0);
  const top = bars.find(({ value }) => value === most);
  if (!top) return null;
  return (
    <figure class="chart">
      <figcaption>
        {title}
        <span class="quiet"> · highest: {top.told}</span>
        {children}
      </figcaption>
      <svg
        viewBox={`0 0 ${Math.max(bars.length, 24) * width} ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {bars.map((bar, place) => (
          <rect
            class={bar.tone}
            x={place * width + 1}
            width={width - 2}
            {...upright(most === 0 ? 0 : bar.value / most)}
          >
            <title>{`${bar.label}: ${bar.told}`}</title>
          </rect>
        ))}
      </svg>
      <details>
        <summary>{title} as a table</summary>
        <Figures head={head} bars={bars} />
      </details>
    </figure>
  );
}

function Figures({ head, bars }: Pick<Props, 'head' | 'bars'>) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={head.join(' and ')}>
      <table>
        <thead>
          <tr>
            {head.map((word) => (
              <th scope="col">{word}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bars.map(({ label, told, address }) => (
            <tr>
              <td>{address === undefined ? label : <a href={address}>{label}</a>}</td>
              <td class="number">{told}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Never less than a line, so that a small value is not taken for none. */
function upright(share: number): { y: number; height: number } {
  const tall = Math.max(1, Math.round(share * (height - 2)));
  return { y: height - tall, height: tall };
}
