/** With which words the farm's programs are started. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appProgram, workerProgram, type Site } from './layout.js';

const site: Site = {
  ...{ data: '/srv/farm', databaseUrl: 'postgresql://x', redisUrl: undefined, leaseSeconds: 30 },
  ...{ ports: { api: 1, substituter: 2, coordinator: 3, evaluator: 4 }, programs: '/opt/dist' },
};
const told = {
  ...{ GAMBESON_ADMIN_TRUST: 'proxy', GAMBESON_TRUSTED_PROXIES: '127.0.0.1' },
  ...{ GAMBESON_URL: 'https://elsewhere.example', GAMBESON_ADMIN_TOKEN_FILE: '/of/another/farm' },
};
const before = { ...process.env };

beforeAll(() => void Object.assign(process.env, told));
afterAll(() => {
  for (const name of Object.keys(told)) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
});

describe('what the caller of `up` says in the environment', () => {
  it('of the doors of /admin is handed on to the apps, and where things lie is not', () => {
    expect(appProgram(site, 'api').environment).toMatchObject({
      ...{ GAMBESON_ADMIN_TRUST: 'proxy', GAMBESON_TRUSTED_PROXIES: '127.0.0.1' },
      ...{ GAMBESON_URL: 'http://127.0.0.1:1', GAMBESON_DATA: '/srv/farm' },
    });
    expect(appProgram(site, 'api').environment['GAMBESON_ADMIN_TOKEN_FILE']).toBeUndefined();
  });

  it('reaches no worker', () => {
    const plan = { name: 'w', maxJobs: 1, cores: 1, tokenFile: '/t' };
    const names = Object.keys(workerProgram(site, plan).environment);
    expect(names.filter((name) => name.startsWith('GAMBESON_')).sort()).toEqual([
      'GAMBESON_DISK_HARD_MB',
      'GAMBESON_DISK_SOFT_MB',
    ]);
  });
});
