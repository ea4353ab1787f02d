/** The form of a token, and what a token may do in words. */
import type { TokenAnswer } from '#protocol/api/token.js';
import { said } from './checked.js';

/** To be checked by the schema of the API. */
export function tokenRequestOf(values: URLSearchParams): object {
  const told = said(values, 'name', 'may', 'store', 'specification', 'lifeSeconds');
  const { name, may = '', store, specification, lifeSeconds } = told;
  const life = lifeSeconds === undefined ? {} : { lifeSeconds: Number(lifeSeconds) };
  if (!may.startsWith('role:')) return { name, access: may, store, specification, ...life };
  const bound = specification === undefined ? {} : { specifications: [specification] };
  return { name, role: may.slice('role:'.length), ...bound, ...life };
}

export function tokenSays(token: TokenAnswer): string {
  const { role, specifications, store, specification, access } = token;
  const parts: string[] = [];
  if (role !== null) {
    const of = specifications === null ? '' : ` of ${specifications.join(', ')}`;
    parts.push(`act as ${role}${of}`);
  }
  if (store !== null) parts.push(`${access === 'read' ? 'read' : 'push to'} the store ${store}`);
  if (specification !== null) {
    parts.push(`${access === 'read' ? 'read' : 'trigger'} the specification ${specification}`);
  }
  return parts.join(' and ');
}
