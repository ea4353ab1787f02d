/** The pages below /admin, and how the farm that is measured lets the one in who asks for them. */
import type { SeededChance } from './seeded-chance.js';

export const letIn = {
  GAMBESON_ADMIN_TRUST: 'proxy',
  GAMBESON_TRUSTED_PROXIES: '127.0.0.1',
} as const;

interface Sizes {
  /** The last of each. */
  readonly evaluations: number;
  readonly builds: number;
  readonly whole: number;
}

export function administration(
  { evaluations, builds, whole }: Sizes,
  chance: SeededChance,
  specification: () => string,
): Readonly<Record<string, () => string>> {
  return {
    '/admin': () => '/admin',
    '/admin/specifications': () => '/admin/specifications',
    '/admin/specifications/edit/NAME': () => `/admin/specifications/edit/${specification()}`,
    '/admin/evaluations': () => '/admin/evaluations',
    '/admin/evaluations?specification': () => `/admin/evaluations?specification=${specification()}`,
    '/admin/evaluations/ID': () => `/admin/evaluations/${1 + chance.below(evaluations)}`,
    '/admin/evaluations/ID of 150,000 jobs': () => `/admin/evaluations/${whole}`,
    '/admin/builds/ID': () => `/admin/builds/${1 + chance.below(builds)}`,
    '/admin/workers': () => '/admin/workers',
    '/admin/stores': () => '/admin/stores',
    '/admin/garbage': () => '/admin/garbage',
    '/admin/forges': () => '/admin/forges',
    '/admin/notifications': () => '/admin/notifications',
    '/admin/tokens': () => '/admin/tokens',
    '/admin/audit': () => '/admin/audit',
    '/admin/keys': () => '/admin/keys',
    '/admin/settings': () => '/admin/settings',
  };
}
