/** The last lines of a log as a letter shows them: plain, whatever a terminal made of them. */

/** Of one letter: of so many jobs that broke, the first. */
export const logsToldAtMost = 5;
const linesOfOne = 30;
const linesOfSeveral = 10;
const charactersAtMost = 200;

/** CSI, OSC and the other strings of ECMA-48, and the escapes of two characters. */
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])/g;

/** `among`: how many logs the letter tells. The text may begin in the midst of a line. */
export function logEnd(text: string, among: number): string[] {
  const lines = text
    .replace(escapes, '')
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').split('\r').at(-1) ?? '')
    .map((line) => line.replaceAll('\t', '  ').trimEnd());
  while (lines.at(-1) === '') lines.pop();
  return lines.slice(among > 1 ? -linesOfSeveral : -linesOfOne).map(shortened);
}

function shortened(line: string): string {
  return line.length > charactersAtMost ? `${line.slice(0, charactersAtMost)} …` : line;
}
