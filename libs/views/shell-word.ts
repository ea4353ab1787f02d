/** Words for the shell, in commands that people copy. */

/** One word for a POSIX shell, whatever it holds. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
