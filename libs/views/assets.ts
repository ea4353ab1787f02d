/**
 * Style sheets and client scripts with the addresses that pages name. An address changes with the
 * content, so that browsers may keep it for ever; the scripts share one folder, so that they may
 * import each other.
 */
import { invariant } from '#std/invariant.js';
import { readClientModules } from './assets/client-modules.js';
import { adminSheet, logSheet, mainSheet } from './styles/sheets.js';

export interface Asset {
  readonly address: string;
  readonly type: string;
  readonly text: string;
}

const scriptType = 'text/javascript; charset=utf-8';
const styleType = 'text/css; charset=utf-8';
const modules = readClientModules();
const folder = `/static/${fingerprint(modules.map(({ text }) => text).join('\0'))}`;

const sheets = {
  main: sheetOf('main', mainSheet),
  log: sheetOf('log', logSheet),
  admin: sheetOf('admin', adminSheet),
} as const;
export type SheetName = keyof typeof sheets;

/** All that is served below /static. */
export const assets: readonly Asset[] = [
  ...modules.map(({ name, text }) => ({
    address: `${folder}/${name}.js`,
    type: scriptType,
    text,
  })),
  ...Object.values(sheets),
];

/** Of libs/views/client/NAME.ts. */
export function scriptAddress(name: string): string {
  const known = modules.some((module) => module.name === name);
  invariant(known, `there is no client script ${name}`);
  return `${folder}/${name}.js`;
}

export function sheetAddress(name: SheetName): string {
  return sheets[name].address;
}

function sheetOf(name: string, text: string): Asset {
  return { address: `/static/${name}.${fingerprint(text)}.css`, type: styleType, text };
}

/**
 * FNV-1a over UTF-16 units, twice with different beginnings: tells versions apart, keeps no secret.
 */
function fingerprint(text: string): string {
  const half = (basis: number): string => {
    let hash = basis;
    for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
    return (hash >>> 0).toString(16).padStart(8, '0');
  };
  return half(2166136261) + half(374761393);
}
