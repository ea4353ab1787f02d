/** Errors as pages, for the addresses that answer people. */
import type { ErrorPages } from '#nest/problem-filter.js';
import { problemPage } from '#views/problem.js';

const programs = /^\/(api|jobset|livez|readyz)(\/|\?|$)/;

export const errorPages: ErrorPages = {
  wanted: (request) => request.method === 'GET' && !programs.test(request.url),
  render: (refusal) => problemPage(refusal),
};
