/** The form of a token, and what a token may do in words. */
import type { TokenAnswer } from '#protocol/api/token.js';
import { said } from './checked.js';

/** To be checked by the schema of the API. */
export function tokenRequestOf(values: URLSearchParams): object {
  const {
    may = '',
    lifeSeconds,
    ...rest
  } = said(values, ...['name', 'may', 'store', 'specification', 'lifeSeconds']);
  return {
    ...rest,
    access: may,
    ...(lifeSeconds !== undefined && { lifeSeconds: Number(lifeSeconds) }),
  };
}

export function tokenSays({ store, specification, access }: TokenAnswer): string {
  const what = access === 'read' ? 'read' : specification === null ? 'push to' : 'write to';
  if (store !== null && specification !== null) {
    return `${what} the store ${store} and the specification ${specification}`;
  }
  return store === null
    ? `${access === 'read' ? 'read' : 'trigger'} the specification ${specification}`
    : `${what} the store ${store}`;
}
