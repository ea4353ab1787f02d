/**
 * The pages that a browser visits: each in both themes, wide and narrow, with scripts and without.
 * Whoever adds a page adds its address here.
 */
import type { LivedInIds } from './lived-in-farm.js';

export interface Stop {
  /** Of the screenshots: .test-output/tour/NAME-… */
  readonly name: string;
  readonly address: (ids: LivedInIds) => string;
  /** The answer's status; 200 unless said. */
  readonly status?: number;
}

/** The others are like these: they are visited when all is (`GAMBESON_TEST_FULL`). */
const administration: readonly Stop[] = [
  { name: 'admin', address: () => '/admin' },
  { name: 'admin-specifications', address: () => '/admin/specifications' },
  { name: 'admin-specification', address: () => '/admin/specifications/edit/demo' },
  { name: 'admin-evaluation', address: ({ after }) => `/admin/evaluations/${after}` },
  { name: 'admin-workers', address: () => '/admin/workers' },
  { name: 'admin-tokens', address: () => '/admin/tokens' },
];
const moreAdministration: readonly Stop[] = [
  { name: 'admin-specification-add', address: () => '/admin/specifications/add' },
  { name: 'admin-specification-kept', address: () => '/admin/specifications/edit/packages' },
  { name: 'admin-remove', address: () => '/admin/specifications/remove/demo' },
  { name: 'admin-evaluations', address: () => '/admin/evaluations' },
  { name: 'admin-build', address: ({ demo }) => `/admin/builds/${demo.builds.waiting}` },
  { name: 'admin-stores', address: () => '/admin/stores' },
  { name: 'admin-store', address: () => '/admin/stores/nix' },
  { name: 'admin-garbage', address: () => '/admin/garbage' },
  { name: 'admin-collection', address: () => '/admin/garbage/1' },
  { name: 'admin-forges', address: () => '/admin/forges' },
  { name: 'admin-forge', address: () => '/admin/forges/codeberg' },
  { name: 'admin-notifications', address: () => '/admin/notifications' },
  { name: 'admin-notification', address: () => '/admin/notifications/1' },
  { name: 'admin-audit', address: () => '/admin/audit' },
  { name: 'admin-keys', address: () => '/admin/keys' },
  { name: 'admin-settings', address: () => '/admin/settings' },
];

export const tour: readonly Stop[] = [
  { name: 'home', address: () => '/' },
  { name: 'workers', address: () => '/workers' },
  { name: 'worker', address: () => '/workers/one' },
  { name: 'queue', address: () => '/queue' },
  { name: 'use', address: () => '/use' },
  { name: 'search', address: () => '/search?query=one' },
  { name: 'search-refused', address: () => '/search?query=spec:demo+stat:us', status: 400 },
  { name: 'packages', address: () => '/packages' },
  { name: 'package', address: () => '/packages/hello' },
  { name: 'metrics', address: () => '/metrics' },
  { name: 'specification', address: () => '/specifications/demo' },
  { name: 'specification-changed', address: () => '/specifications/packages?good=30' },
  { name: 'commit', address: () => `/commits/${'a'.repeat(40)}` },
  { name: 'request', address: () => '/requests/codeberg/guix/guix/42' },
  { name: 'specification-request', address: () => '/specifications/packages-pr-42' },
  { name: 'evaluation', address: ({ demo }) => `/evaluations/${demo.evaluation}` },
  { name: 'evaluation-changed', address: ({ after }) => `/evaluations/${after}` },
  { name: 'evaluation-all', address: ({ after }) => `/evaluations/${after}?kind=all&name=s` },
  { name: 'evaluation-map', address: ({ after }) => `/evaluations/${after}/map` },
  { name: 'evaluation-map-many', address: ({ many }) => `/evaluations/${many}/map?name=1` },
  { name: 'evaluation-many', address: ({ many }) => `/evaluations/${many}` },
  { name: 'build-succeeded', address: ({ demo }) => `/builds/${demo.builds.ok}` },
  { name: 'build-failed', address: ({ broke }) => `/builds/${broke}` },
  { name: 'build-dependency', address: ({ demo }) => `/builds/${demo.builds.dependency}` },
  { name: 'build-graph', address: ({ demo }) => `/builds/${demo.builds.failed}/graph` },
  { name: 'build-waiting', address: ({ demo }) => `/builds/${demo.builds.waiting}` },
  { name: 'build-running', address: ({ demo }) => `/builds/${demo.builds.running}` },
  { name: 'log', address: ({ broke }) => `/builds/${broke}/log` },
  { name: 'log-running', address: ({ demo }) => `/builds/${demo.builds.running}/log` },
  { name: 'log-waiting', address: ({ demo }) => `/builds/${demo.builds.waiting}/log` },
  ...administration,
  ...(process.env['GAMBESON_TEST_FULL'] === '1' ? moreAdministration : []),
  { name: 'not-found', address: () => '/builds/999999', status: 404 },
];
