import { describe, expect, it } from '@jest/globals';
import { readSettings } from '#nest/settings.js';
import { shownSettings } from './shown-settings.js';

describe('the settings as people see them', () => {
  it('tell of every field and of no secret', () => {
    const settings = readSettings(
      {
        DATABASE_URL: 'postgres://farm:s3cret@db:5432/farm?password=s3cret&sslkey=s3cret',
        REDIS_URL: 'rediss://:s3cret@cache:6379/0',
        GAMBESON_HOOK_ALLOW: '10.0.0.0/8, ::1',
      },
      8081,
    );
    const shown = shownSettings({ ...settings, adminToken: 's3cret' });
    const told = new Map(shown.map(({ name, value }) => [name, value]));
    expect(JSON.stringify(shown)).not.toContain('s3cret');
    expect(told.get('databaseUrl')).toBe('postgres://***@db:5432/farm?***');
    expect(told.get('redisUrl')).toBe('rediss://***@cache:6379/0');
    expect(told.get('hookAllow')).toBe('10.0.0.0/8, ::1');
    expect(told.get('evaluation.timeoutSeconds')).toBe('3600');
    expect(told.get('adminToken')).toBe('***');
    for (const key of Object.keys(settings)) {
      expect([...told.keys()].some((name) => name === key || name.startsWith(`${key}.`))).toBe(
        true,
      );
    }
  });
});
