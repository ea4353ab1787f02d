/** The lines of one log as the farm tells them, kept while they may be wanted again. */
export type LogRun = readonly [text: string, classes: string, link?: string];

export interface LogLine {
  readonly number: number;
  readonly text: string;
  readonly runs?: readonly LogRun[];
  readonly at: string | null;
  readonly longBytes: number | null;
}

export interface LogPhase {
  readonly name: string;
  readonly from: number;
  readonly to: number | null;
  readonly seconds: number | null;
  readonly outcome: 'succeeded' | 'failed' | null;
}

export interface LogPhases {
  readonly total: number;
  readonly bytes: number;
  readonly ended: boolean;
  readonly phases: readonly LogPhase[];
  readonly errors: readonly number[];
  readonly timed: boolean;
}

export interface LogFound {
  readonly lines: readonly number[];
  readonly before: number;
  readonly total: number;
  readonly next: string | null;
}

/** Lines are fetched in blocks of so many, which caches between may keep. */
const blockLines = 200;
const keptBlocks = 30;

export class LogSource {
  total: number;
  readonly attempt: string | null;
  private readonly base: string;
  private readonly blocks = new Map<number, Promise<readonly LogLine[]>>();

  constructor(box: HTMLElement) {
    this.base = box.dataset['api'] ?? '';
    this.attempt = box.dataset['attempt'] ?? null;
    this.total = Number(box.dataset['total']);
  }

  /** Address of a part of the API's log, for this attempt. */
  address(part: string, query: Readonly<Record<string, string>>): string {
    const attempt = this.attempt === null ? {} : { attempt: this.attempt };
    const text = new URLSearchParams({ ...attempt, ...query }).toString();
    return `${this.base}${part}${text === '' ? '' : `?${text}`}`;
  }

  /** Lines [from, to], both told; fewer at the end of the log or when the farm is away. */
  async lines(from: number, to: number): Promise<readonly LogLine[]> {
    const wanted: Promise<readonly LogLine[]>[] = [];
    for (let block = blockOf(from); block <= blockOf(to); block += 1)
      wanted.push(this.block(block));
    const lines = (await Promise.all(wanted)).flat();
    return lines.filter(({ number }) => number >= from && number <= to);
  }

  phases(): Promise<LogPhases | null> {
    return fetchJson<LogPhases>(this.address('/phases', {}));
  }

  /** The log has grown: its last line may be another now. */
  grow(total: number, fresh: readonly LogLine[]): void {
    this.blocks.delete(blockOf(this.total));
    this.total = total;
    for (const line of fresh) this.blocks.delete(blockOf(line.number));
  }

  /** What was fetched may look otherwise by now. */
  forget(): void {
    this.blocks.clear();
  }

  private block(block: number): Promise<readonly LogLine[]> {
    const known = this.blocks.get(block) ?? this.fetchBlock(block);
    this.blocks.delete(block);
    this.blocks.set(block, known);
    for (const old of this.blocks.keys()) {
      if (this.blocks.size <= keptBlocks) break;
      this.blocks.delete(old);
    }
    return known;
  }

  private async fetchBlock(block: number): Promise<readonly LogLine[]> {
    const lines: LogLine[] = [];
    const end = (block + 1) * blockLines;
    // Long lines make short answers: the rest is asked for.
    for (let from = block * blockLines + 1; from <= Math.min(end, this.total);) {
      const query = { from: String(from), limit: String(end - from + 1), looks: 'true' };
      const answer = await fetchJson<{ lines: readonly LogLine[] }>(this.address('/lines', query));
      if (!answer || answer.lines.length === 0) {
        this.blocks.delete(block);
        break;
      }
      lines.push(...answer.lines);
      from = lines.at(-1)!.number + 1;
    }
    return lines;
  }
}

function blockOf(line: number): number {
  return Math.floor((line - 1) / blockLines);
}

export async function fetchJson<T>(address: string): Promise<T | null> {
  const answer = await fetch(address).catch(() => null);
  return answer?.ok ? ((await answer.json().catch(() => null)) as T | null) : null;
}
