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

export const tour: readonly Stop[] = [
  { name: 'home', address: () => '/' },
  { name: 'workers', address: () => '/workers' },
  { name: 'queue', address: () => '/queue' },
  { name: 'use', address: () => '/use' },
  { name: 'search', address: () => '/search?query=one' },
  { name: 'metrics', address: () => '/metrics' },
  { name: 'specification', address: () => '/specifications/demo' },
  { name: 'specification-request', address: () => '/specifications/packages-pr-42' },
  { name: 'evaluation', address: ({ demo }) => `/evaluations/${demo.evaluation}` },
  { name: 'evaluation-changed', address: ({ after }) => `/evaluations/${after}` },
  { name: 'evaluation-all', address: ({ after }) => `/evaluations/${after}?kind=all&name=s` },
  { name: 'evaluation-many', address: ({ many }) => `/evaluations/${many}` },
  { name: 'build-succeeded', address: ({ demo }) => `/builds/${demo.builds.ok}` },
  { name: 'build-failed', address: ({ broke }) => `/builds/${broke}` },
  { name: 'build-dependency', address: ({ demo }) => `/builds/${demo.builds.dependency}` },
  { name: 'build-waiting', address: ({ demo }) => `/builds/${demo.builds.waiting}` },
  { name: 'build-running', address: ({ demo }) => `/builds/${demo.builds.running}` },
  { name: 'not-found', address: () => '/builds/999999', status: 404 },
];
