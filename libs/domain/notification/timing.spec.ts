import { describe, expect, it } from '@jest/globals';
import { readMailer } from './mailer-address.js';
import { receiversOf } from './receiver.js';
import { gatherLadder, gatherSeconds, settle, triesAtMost } from './timing.js';

const failed = { kind: 'failed', answer: '503' } as const;

describe('a message that its receiver does not take', () => {
  it('is tried again after longer and longer rests, for three days, and then given up', () => {
    const rests: number[] = [];
    for (let tries = 1; tries < triesAtMost; tries += 1) {
      const next = settle(failed, tries, 0);
      if (next.state !== 'waiting') throw new Error(`given up after ${tries}`);
      rests.push(next.afterSeconds);
    }
    expect(rests).toEqual([...rests].sort((a, b) => a - b));
    expect(rests[0]).toBe(5);
    expect(rests.reduce((a, b) => a + b) / 3600).toBeGreaterThan(72);
    expect(settle(failed, triesAtMost, 0)).toEqual({ state: 'given-up' });
  });

  it('rests as long as the receiver says, a day at most, and no shorter than usual', () => {
    const told = (afterSeconds: number): unknown => settle({ ...failed, afterSeconds }, 1, 0);
    expect(told(90)).toEqual({ state: 'waiting', afterSeconds: 90 });
    expect(told(1)).toEqual({ state: 'waiting', afterSeconds: 5 });
    expect(told(1e9)).toEqual({ state: 'waiting', afterSeconds: 86_400 });
    expect(settle(failed, 1, 0.5)).toEqual({ state: 'waiting', afterSeconds: 5.5 });
  });

  it('is given up at once when there is no use', () => {
    expect(settle({ kind: 'refused', answer: '410' }, 1, 0)).toEqual({ state: 'given-up' });
  });
});

describe('the changes of an evaluation', () => {
  it('reach a receiver soon, and then by the hour at most', () => {
    expect(gatherLadder(60)).toEqual([60, 600, 3600]);
    expect(gatherSeconds(60, 17)).toBe(3600);
  });
});

describe('a receiver', () => {
  const server = 'smtp://mail.example.org';
  it('is one, however often a specification names it', () => {
    const mail = { type: 'email', from: 'a@example.org', to: 'b@example.org', server } as const;
    const hook = { type: 'webhook', url: 'https://example.org/h' } as const;
    const receivers = receiversOf([mail, { ...mail, from: 'c@example.org' }, hook, hook]);
    expect(receivers.map(({ key }) => key)).toEqual([
      'email:b@example.org',
      'webhook:https://example.org/h',
    ]);
    expect(receivers[0]?.notification).toBe(mail);
    expect(receiversOf([{ type: 'mastodon' }])).toEqual([]);
  });

  it('of mail is behind a mailer that is named as Mailutils names them', () => {
    const host = 'mail.example.org';
    const usual = { kind: 'smtp', host, credential: `smtp-${host}`, user: null };
    for (const [address, mailer] of [
      [server, { ...usual, port: 25, secure: false }],
      [`smtp://${host}:2525/`, { ...usual, port: 2525, secure: false }],
      [`smtps://${host}`, { ...usual, port: 465, secure: true }],
      [`smtp://ci@${host}`, { ...usual, port: 587, secure: false, user: 'ci' }],
      [`smtps://ci%40x.org@${host}`, { ...usual, port: 465, secure: true, user: 'ci@x.org' }],
      [
        'smtp://[::1]:25',
        { ...usual, host: '::1', port: 25, secure: false, credential: 'smtp---1' },
      ],
      ['sendmail:///', { kind: 'sendmail', program: null }],
      ['sendmail:///usr/sbin/sendmail', { kind: 'sendmail', program: '/usr/sbin/sendmail' }],
    ] as const) {
      expect([address, readMailer(address)]).toEqual([address, { ok: true, value: mailer }]);
    }
    const password = readMailer(`smtp://ci:s3cret@${host}`);
    expect(password).toMatchObject({ ok: false, error: expect.stringMatching(/smtp-mail\.exa/) });
    expect(JSON.stringify(password)).not.toContain('s3cret');
    for (const bad of ['smtp://', 'smtp://a b', 'smtp://h:99999', 'ldap://h', 'sendmail://x y']) {
      expect([bad, readMailer(bad).ok]).toEqual([bad, false]);
    }
  });
});
