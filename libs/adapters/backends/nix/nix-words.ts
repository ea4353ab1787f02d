/** What Nix says on its standard error, made fit for people. */

/** As much of an error as is kept with a job. */
const longestMessage = 4000;

/** Terminal colours, as Nix sets them in messages. */
// eslint-disable-next-line no-control-regex
const colours = /\x1b\[[0-9;]*m/g;

export function withoutColours(text: string): string {
  return text.replace(colours, '');
}

/**
 * The last error in what a Nix program said, without the hint to ask for a trace and without the
 * prefix under which the sandbox shows checkouts; the last line when there is no error.
 */
export function errorIn(said: string, checkoutPrefix = ''): string {
  const text = withoutColours(said).trimEnd();
  const start = [...text.matchAll(/^error: /gm)].at(-1)?.index;
  const message =
    start === undefined ? text.slice(text.lastIndexOf('\n') + 1) : text.slice(start + 7);
  const lines = message.split('\n').filter((line) => !line.startsWith("(use '--show-trace'"));
  const plain = lines.join('\n').trim();
  const short = checkoutPrefix === '' ? plain : plain.replaceAll(checkoutPrefix, '');
  return short.slice(0, longestMessage);
}

/** All errors and warnings, each once: of a fetch, the first tells more than the last. */
export function complaintsIn(said: string): string {
  const lines = withoutColours(said).split('\n');
  const complaints = lines.filter((line) => /^(error|warning): /.test(line));
  return [...new Set(complaints)].join('\n').slice(0, longestMessage);
}
