/** Which lines are wanted: `120` or `120-135`, as links to a log name them. Numbers begin at 1. */
export interface LineRange {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

/** Null for what names no lines; turned ranges are set right. */
export function parseLineRange(text: string): LineRange | null {
  const match = /^(\d{1,12})(?:-(\d{1,12}))?$/.exec(text);
  if (!match) return null;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  if (from < 1 || to < 1) return null;
  return { from: Math.min(from, to), to: Math.max(from, to) };
}
