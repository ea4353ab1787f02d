/**
 * What `up` says: prose for people, or one JSON object a line; the apps' own lines get their name.
 */
export interface Narrator {
  /** One step of the start, or news of a child. */
  say(text: string): void;
  /** A fact that scripts read: `{"event": NAME, …}`; in prose, `text`. */
  fact(event: string, values: Readonly<Record<string, unknown>>, text: string): void;
  /** A line that an app printed. */
  hear(name: string, line: string): void;
}

const worrying = /\b(WARN|ERROR|FATAL|warn|error|fatal|Error|panic)\b/;

export function createNarrator(options: { json: boolean; verbose: boolean }): Narrator {
  const startedAt = performance.now();
  const write = (text: string): void => void process.stdout.write(`${text}\n`);
  const seconds = (): string => ((performance.now() - startedAt) / 1000).toFixed(1);
  const emit = (event: string, values: Readonly<Record<string, unknown>>): void => {
    write(JSON.stringify({ event, seconds: Number(seconds()), ...values }));
  };
  return {
    say(text) {
      if (options.json) emit('said', { text });
      else write(`[${seconds().padStart(6)} s] ${text}`);
    },
    fact(event, values, text) {
      if (options.json) emit(event, values);
      else write(text);
    },
    hear(name, line) {
      if (!options.verbose && !worrying.test(line)) return;
      if (options.json) emit('line', { name, line });
      else write(`${name.padEnd(11)} | ${line}`);
    },
  };
}
