import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { hashOf, type AuditActor, type AuditEntry } from './audit-chain.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const actor: AuditActor = {
  name: 'ada',
  via: 'certificate',
  role: 'operator',
  token: null,
  fingerprint: 'ab'.repeat(32),
};
const entry: AuditEntry = {
  id: 2,
  at: '2026-11-20T10:00:00.000Z',
  actor,
  action: 'specification.edit',
  subject: 'specification/guix',
  outcome: 'done',
  asked: { priority: 3 },
  before: { priority: 5, paused: false },
  after: { priority: 3, paused: false },
  previous: '0'.repeat(64),
};
const written = hashOf(entry, sha256);

const altered: Readonly<Record<keyof AuditEntry, Partial<AuditEntry>>> = {
  id: { id: 3 },
  at: { at: '2026-11-20T10:00:00.001Z' },
  actor: { actor: { ...actor, name: 'eve' } },
  action: { action: 'specification.add' },
  subject: { subject: 'specification/nix' },
  outcome: { outcome: 'failed' },
  asked: { asked: { priority: 4 } },
  before: { before: { priority: 5, paused: true } },
  after: { after: { priority: 3 } },
  previous: { previous: '1'.repeat(64) },
};
const otherActor: Readonly<Record<keyof AuditActor, Partial<AuditActor>>> = {
  name: { name: 'eve' },
  via: { via: 'token' },
  role: { role: 'admin' },
  token: { token: '7' },
  fingerprint: { fingerprint: null },
};

describe('the hash of an entry of the audit log', () => {
  it.each(Object.entries(altered))('changes with its %s', (_, change) => {
    expect(hashOf({ ...entry, ...change }, sha256)).not.toBe(written);
  });

  it.each(Object.entries(otherActor))("changes with its actor's %s", (_, change) => {
    const changed = { ...entry, actor: { ...actor, ...change } };
    expect(hashOf(changed, sha256)).not.toBe(written);
  });

  it('does not depend on the order of fields, which a database may change', () => {
    const turned = { ...entry, before: { paused: false, priority: 5 } };
    expect(hashOf(turned, sha256)).toBe(written);
  });
});
