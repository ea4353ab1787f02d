/** One line on standard output, with the time: the worker agent's whole log. Never a secret. */
export function say(sentence: string): void {
  process.stdout.write(`${new Date().toISOString()} ${sentence}\n`);
}
