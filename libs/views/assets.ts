/**
 * The one style sheet and the one script of all pages, as text with an address that changes with
 * the content, so that browsers may keep them for ever. They are strings since only scripts reach
 * the built tree.
 */
import { clientScript } from './client-script.js';
import { styleSheet } from './style-sheet.js';

export interface Asset {
  readonly address: string;
  readonly type: string;
  readonly text: string;
}

export const assets = {
  style: asset('style.css', 'text/css; charset=utf-8', styleSheet),
  script: asset('script.js', 'text/javascript; charset=utf-8', clientScript),
} as const;

function asset(name: string, type: string, text: string): Asset {
  const [stem, suffix] = name.split('.');
  return { address: `/static/${stem}.${fingerprint(text)}.${suffix}`, type, text };
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
