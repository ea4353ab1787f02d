/** The icon and the mark of a page's state, for its tab: a shape and a colour, as `Status` has. */
import { drawings, shapes, type StatusWord, type Tone } from './statuses.js';

const vest =
  `<path fill='#7a5c2e' d='M3 1h10v8a5 6 0 0 1-10 0z'/>` +
  `<path stroke='#f5eedf' d='M5.5 1v10.5M8 1v13M10.5 1v10.5' fill='none'/>`;

const colours: Readonly<Record<Tone, string>> = {
  good: '#1e7a3c',
  bad: '#b3261e',
  farm: '#8a5300',
  busy: '#1f5aa8',
  idle: '#5d6068',
  off: '#6a4c93',
};

const marks: Readonly<Record<Tone, string>> = {
  good: '✓',
  bad: '✗',
  farm: '⚠',
  busy: '▶',
  idle: '○',
  off: '⊘',
};

/** The address of an SVG that says the state; of the farm's own when there is none. */
export function stateIcon(state: StatusWord | undefined): string {
  const drawing = state === undefined ? vest : sign(state);
  const svg = `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>${drawing}</svg>`;
  return `data:image/svg+xml,${svg.replaceAll(/[<>#]/g, (sign) => encodeURIComponent(sign))}`;
}

function sign(state: StatusWord): string {
  const { tone, shape } = drawings[state];
  const line = `fill='none' stroke='white' stroke-width='1.75' stroke-linecap='round'`;
  const ground = `<rect width='16' height='16' rx='3' fill='${colours[tone]}'/>`;
  return `${ground}<path ${line} d='${shapes[shape]}'/>`;
}

/** Stands before the title, where colours do not reach. */
export function stateMark(state: StatusWord | undefined): string {
  return state === undefined ? '' : `${marks[drawings[state].tone]} `;
}
