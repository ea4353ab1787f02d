/** What applying files would do or did, for people: a difference like that of version control. */
import type { ApplyStep, Difference } from '#domain/specification/apply-plan.js';
import { keeperWords } from '#domain/specification/keeping.js';

type Paint = (text: string) => string;

interface Palette {
  readonly added: Paint;
  readonly removed: Paint;
  readonly changed: Paint;
}

const plain: Palette = { added: (text) => text, removed: (text) => text, changed: (text) => text };

function colour(code: number): Paint {
  return (text) => `\u001b[${code}m${text}\u001b[0m`;
}

const colours: Palette = { added: colour(32), removed: colour(31), changed: colour(33) };

/** Every line ends with a line feed. */
export function planWords(steps: readonly ApplyStep[], coloured: boolean): string {
  const palette = coloured ? colours : plain;
  const lines = steps.flatMap((step) => linesOf(step, palette));
  const same = steps.filter(({ action }) => action === 'keep').length;
  if (same > 0) lines.push(`${same} without a difference`);
  return lines.map((line) => `${line}\n`).join('');
}

function linesOf(step: ApplyStep, palette: Palette): string[] {
  switch (step.action) {
    case 'create': {
      const { name: _, ...fields } = step.wanted;
      const shown = Object.entries(fields).filter(([, value]) => value !== undefined);
      return [
        palette.added(`+ ${step.name}`),
        ...shown.map(([field, value]) => `    ${field}: ${palette.added(valueWords(value))}`),
      ];
    }
    case 'change': {
      const before = step.from ? `, until now by ${keeperWords(step.from)}` : '';
      const taken = step.from === undefined ? '' : ` (kept from now on${before})`;
      return [
        palette.changed(`~ ${step.name}`) + taken,
        ...step.differences.map((one) => differenceLine(one, palette)),
      ];
    }
    case 'archive':
      return [palette.removed(`- ${step.name}`)];
    case 'refuse': {
      const advice = '--adopt takes it over';
      return [palette.removed(`! ${step.name} is kept by ${keeperWords(step.keeper)}: ${advice}`)];
    }
    case 'keep':
      return [];
  }
}

function differenceLine({ field, before, after }: Difference, palette: Palette): string {
  const [was, is] = [valueWords(before), valueWords(after)];
  return `    ${field}: ${palette.removed(was)} → ${palette.added(is)}`;
}

function valueWords(value: unknown): string {
  return value === undefined ? '(none)' : JSON.stringify(value);
}
