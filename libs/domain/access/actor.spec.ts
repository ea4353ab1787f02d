import { describe, expect, it } from '@jest/globals';
import { actions, anonymous, denialOf, may, type Actor, type Role } from './actor.js';

function actor(role: Role, specifications: Actor['specifications'] = 'all'): Actor {
  const [token, fingerprint] = [null, 'ab'.repeat(32)];
  return { name: 'ada', via: 'certificate', role, specifications, token, fingerprint };
}

describe('an actor', () => {
  it('that nobody knows may do nothing at all', () => {
    for (const action of actions) expect(denialOf(anonymous, action, 'guix')).toBe('nobody');
    expect(denialOf({ ...actor('admin'), via: 'anonymous' }, 'token.manage')).toBe('nobody');
  });

  it('may all that those below it may', () => {
    const counts = (['viewer', 'maintainer', 'operator', 'admin'] as const).map(
      (role) => actions.filter((action) => may(actor(role), action, 'guix')).length,
    );
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect([counts[0], counts[3]]).toEqual([1, actions.length]);
  });

  it('that maintains a specification changes that one alone', () => {
    const maintainer = actor('maintainer', ['guix', 'core']);
    expect(may(maintainer, 'evaluation.cancel', 'guix')).toBe(true);
    expect(may(maintainer, 'specification.edit', 'core')).toBe(true);
    expect(denialOf(maintainer, 'evaluation.cancel', 'nix')).toBe('specification');
    expect(denialOf(maintainer, 'evaluation.cancel')).toBe('specification');
    expect(denialOf(maintainer, 'specification.remove', 'guix')).toBe('role');
  });

  it('bound to specifications does nothing to the farm but look, whatever its role', () => {
    const bound = actor('admin', ['guix']);
    expect(actions.filter((action) => may(bound, action))).toEqual(['admin.see']);
    expect(may(bound, 'specification.remove', 'guix')).toBe(true);
  });

  it('that may see may change nothing', () => {
    const viewer = actor('viewer');
    expect(actions.filter((action) => may(viewer, action, 'guix'))).toEqual(['admin.see']);
  });
});
