/** Measures as Prometheus reads them: the text format, version 0.0.4. */

type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
  /** Behind the name of the family: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
}

export interface Family {
  /** With the unit and, of a counter, `_total`; `gambeson_` goes before it. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

export function printFamilies(families: readonly Family[]): string {
  return families.map(printFamily).join('');
}

function printFamily({ name, help, type, samples }: Family): string {
  const whole = `gambeson_${name}`;
  const lines = samples.map(({ labels = {}, value, suffix = '' }) => {
    const told = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
    const braces = told.length === 0 ? '' : `{${told.join(',')}}`;
    return `${whole}${suffix}${braces} ${numberText(value)}\n`;
  });
  const about = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${whole} ${about}\n# TYPE ${whole} ${type}\n${lines.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

/** Counts things by their labels, from the start of the process on. */
export class Totals {
  private readonly counts = new Map<string, { readonly labels: Labels; value: number }>();

  constructor(private readonly names: readonly string[]) {}

  /** `of` are the labels' values, in the order of their names. */
  add(of: readonly string[], more = 1): void {
    const key = of.join('\0');
    const standing = this.counts.get(key);
    if (standing) standing.value += more;
    else this.counts.set(key, { labels: this.labelsOf(of), value: more });
  }

  samples(): Sample[] {
    return [...this.counts.values()].map(({ labels, value }) => ({ labels, value }));
  }

  private labelsOf(of: readonly string[]): Labels {
    return Object.fromEntries(this.names.map((name, at) => [name, of[at] ?? '']));
  }
}

/** Counts how long things took, in buckets of seconds. */
export class Durations {
  private readonly counts = new Map<string, number[]>();
  private readonly sums = new Map<string, number>();

  constructor(
    private readonly label: string,
    private readonly bounds: readonly number[],
  ) {}

  observe(of: string, seconds: number): void {
    const counts = this.counts.get(of) ?? this.bounds.concat(Infinity).map(() => 0);
    const at = this.bounds.findIndex((bound) => seconds <= bound);
    const place = at < 0 ? this.bounds.length : at;
    counts[place] = (counts[place] ?? 0) + 1;
    this.counts.set(of, counts);
    this.sums.set(of, (this.sums.get(of) ?? 0) + seconds);
  }

  samples(): Sample[] {
    return [...this.counts].flatMap(([of, counts]) => {
      const labels = { [this.label]: of };
      let sum = 0;
      const buckets = counts.map((count, at) => {
        sum += count;
        const le = numberText(this.bounds[at] ?? Infinity);
        return { labels: { ...labels, le }, value: sum, suffix: '_bucket' };
      });
      return [
        ...buckets,
        { labels, value: this.sums.get(of) ?? 0, suffix: '_sum' },
        { labels, value: sum, suffix: '_count' },
      ];
    });
  }
}
