/**
 * The sessions of a page of documentation: its fenced `console` blocks, each a list of commands
 * (`$ …`, going on over `\`) with what they print. What differs from run to run is compared by its
 * kind: times, spans, hashes, tokens. A line `…` stands for any lines, `…` at the end of a line for
 * its rest.
 */
export interface Step {
  readonly command: string;
  readonly expected: string;
}

export interface Session {
  /** The line of the page on which the block begins, counted from 1. */
  readonly line: number;
  readonly steps: readonly Step[];
}

export function readSessions(page: string): Session[] {
  const sessions: Session[] = [];
  const lines = page.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    if (lines[at] !== '```console') continue;
    const end = lines.indexOf('```', at);
    sessions.push({ line: at + 1, steps: stepsOf(lines.slice(at + 1, end)) });
    at = end;
  }
  return sessions;
}

function stepsOf(lines: readonly string[]): Step[] {
  const steps: { command: string; expected: string[] }[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (!line.startsWith('$ ')) {
      steps.at(-1)?.expected.push(line);
      continue;
    }
    let command = line.slice(2);
    while (command.endsWith('\\')) command = `${command.slice(0, -1)}${lines[++at]!.trim()}`;
    steps.push({ command, expected: [] });
  }
  return steps.map(({ command, expected }) => ({ command, expected: expected.join('\n') }));
}

/** The page with other outputs: of each session, the text below each of its commands. */
export function withOutputs(page: string, outputs: readonly (readonly string[])[]): string {
  const lines = page.split('\n');
  const written: string[] = [];
  let session = -1;
  for (let at = 0; at < lines.length; at += 1) {
    written.push(lines[at]!);
    if (lines[at] !== '```console') continue;
    session += 1;
    const end = lines.indexOf('```', at);
    let step = -1;
    for (let row = at + 1; row < end; row += 1) {
      if (!lines[row]!.startsWith('$ ')) continue;
      written.push(lines[row]!);
      while (lines[row]!.endsWith('\\')) written.push(lines[++row]!);
      step += 1;
      const output = outputs[session]?.[step] ?? '';
      if (output !== '') written.push(...output.split('\n'));
    }
    written.push('```');
    at = end;
  }
  return written.join('\n');
}

/** The words of a command as a shell splits them; quotes keep blanks together. */
export function wordsOf(command: string): string[] {
  const found = command.matchAll(/(?:"([^"]*)"|'([^']*)'|[^\s"']+)+/g);
  return [...found].map(([whole]) => whole.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'));
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z| UTC)?/g, '<time>'],
  [/\b\d{4}-\d{2}-\d{2}\b/g, '<time>'],
  [/\b\d{2}:\d{2}:\d{2}\b/g, '<clock>'],
  [/\b\d+(\.\d+)? (ms|s|min|h|d)\b( \d+ (s|min|h)\b)?/g, '<span>'],
  [/(<span> ago|in <span>|\bnow\b)/g, '<when>'],
  [/\bgbt_(?:[\w-]{43}|…)/g, '<token>'],
  [/[A-Za-z0-9+/]{42,88}={1,2}/g, '<key>'],
  [/\b[\w-]{43}\b/g, '<token>'],
  [/\b[0-9a-z]{52}\b/g, '<hash>'],
  [/\b[0-9a-f]{64}\b/g, '<hash>'],
  [/\b[0-9A-F]{40}\b/g, '<serial>'],
  [/\b[0-9a-f]{40}\b/g, '<hash>'],
  [/-[0-9A-F]{8}\.(crt|key|p12)/g, '-<serial>.$1'],
  [/\bgambeson-[0-9a-f]{8}-1\b/g, '<name>'],
  [/\bport \d+/g, 'port <number>'],
  [/ +/g, ' '],
];

/** Text with everything that may differ replaced by its kind. */
function comparable(text: string): string {
  const bare = kinds.reduce((all, [pattern, kind]) => all.replace(pattern, kind), text);
  return bare.replace(/[ \t]+$/gm, '').trim();
}

/** Whether what was printed is what the page says. */
export function isAsTold(expected: string, printed: string): boolean {
  const pattern = comparable(expected)
    .split('\n')
    .map((line) => {
      if (line === '…') return '(?:.*\\n)*?.*';
      const words = line.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
      return words.join('.*');
    })
    .join('\\n');
  return new RegExp(`^${pattern}$`).test(comparable(printed));
}
