import { describe, expect, it } from '@jest/globals';
import { usualApiAddress } from './forge.js';
import { repositoryOn, sameRepository } from './repository-address.js';

describe('two addresses mean the same repository', () => {
  it.each([
    ['https://git.example.org/Owner/Name.git', 'https://GIT.example.org/owner/name/'],
    ['https://git.example.org/owner/name', 'git@git.example.org:owner/name.git'],
    ['https://git.example.org:443/owner/name', 'https://me:secret@git.example.org/owner/name'],
    ['ssh://git@git.example.org:2222/owner/name', 'https://git.example.org:8443/owner/name.git'],
    ['ssh://git@git.example.org:22/owner/name', 'git@git.example.org:owner/name'],
    ['http://git.example.org/a/b/c.git', 'https://git.example.org/a/b/c'],
    ['git://git.example.org/owner/name.git', 'https://git.example.org/owner/name'],
  ])('%s and %s', (one, other) => {
    expect(sameRepository(one, other)).toBe(true);
    expect(sameRepository(other, one)).toBe(true);
  });

  it.each([
    ['https://git.example.org/owner/name', 'https://git.example.org/owner/other'],
    ['https://git.example.org/owner/name', 'https://git.example.com/owner/name'],
    ['https://git.example.org/owner/name', 'https://git.example.org:8443/owner/name'],
    ['https://git.example.org/owner/name', 'https://git.example.org/fork/owner/name'],
    ['https://git.example.org@evil.example/owner/name', 'https://git.example.org/owner/name'],
    ['https://git.example.org/', 'https://git.example.org/'],
    ['no address', 'no address'],
  ])('not so %s and %s', (one, other) => expect(sameRepository(one, other)).toBe(false));
});

describe('the repository of a forge', () => {
  const forge = { address: 'https://git.example.org/forge' };

  it('is told by its owner and name, without what the forge lies below', () => {
    expect(repositoryOn(forge, 'https://git.example.org/forge/Owner/Name.git')).toBe('owner/name');
    expect(repositoryOn(forge, 'git@git.example.org:owner/name.git')).toBe('owner/name');
  });

  it.each([
    'https://git.example.org/elsewhere/owner/name',
    'https://git.example.org:8443/forge/owner/name',
    'https://internal.example.org/forge/owner/name',
    'https://git.example.org@10.0.0.1/forge/owner/name',
    'https://10.0.0.1?@git.example.org/forge/owner/name',
    'https://10.0.0.1#@git.example.org/forge/owner/name',
    'https://10.0.0.1\\@git.example.org/forge/owner/name',
    'https://git.example.org/forge/name',
    'file:///forge/owner/name',
  ])('is not at %s', (address) => expect(repositoryOn(forge, address)).toBeNull());
});

describe('the API of a forge', () => {
  it.each([
    ['github', 'https://github.com', 'https://api.github.com'],
    ['github', 'https://ghe.example.org', 'https://ghe.example.org/api/v3'],
    ['gitlab', 'https://example.org/gitlab', 'https://example.org/gitlab/api/v4'],
    ['gitea', 'https://example.org', 'https://example.org/api/v1'],
    ['forgejo', 'https://codeberg.org', 'https://codeberg.org/api/v1'],
  ] as const)('of %s at %s is %s', (kind, address, api) =>
    expect(usualApiAddress(kind, address)).toBe(api),
  );
});
