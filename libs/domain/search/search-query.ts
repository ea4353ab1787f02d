/**
 * What is typed to find builds, in Cuirass's language: words with a space between, `spec:NAME`,
 * `system:SYSTEM`, `status:success` (or `failed`, `failed-dependency`, `failed-other`, `canceled`),
 * and one word that names of derivations begin with. What is none of them is left out, and of equal
 * ones the last counts.
 */
import type { BuildStatus } from '../build/status.js';

export interface SearchQuery {
  readonly prefix: string | null;
  readonly specification: string | null;
  readonly system: string | null;
  readonly status: BuildStatus | null;
}

const statuses: Readonly<Record<string, BuildStatus>> = {
  success: 'succeeded',
  failed: 'failed',
  'failed-dependency': 'failed-dependency',
  'failed-other': 'failed-other',
  canceled: 'canceled',
};

export function parseSearch(text: string): SearchQuery {
  const query = { ...nothing };
  for (const word of text.split(' ').filter((one) => one !== '')) {
    const colon = word.indexOf(':');
    if (colon < 0) {
      // Cuirass's own wildcard; a name has none.
      const prefix = word.replaceAll('%', '');
      if (prefix !== '') query.prefix = prefix;
      continue;
    }
    const [key, value] = [word.slice(0, colon), word.slice(colon + 1)];
    if (key === 'spec') query.specification = value;
    else if (key === 'system') query.system = value;
    else if (key === 'status' && Object.hasOwn(statuses, value)) query.status = statuses[value]!;
  }
  return query;
}

interface OpenQuery {
  prefix: string | null;
  specification: string | null;
  system: string | null;
  status: BuildStatus | null;
}

const nothing: OpenQuery = { prefix: null, specification: null, system: null, status: null };
