/**
 * The grammar of what a channel hands to git: an address, a branch, a revision. It is the same as
 * the API's (protocol/specification.ts) and is looked at again right before git runs, since git
 * would read an option, a remote helper or a path out of a careless string.
 */
import { err, ok, type Result } from '#std/result.js';
import type { Channel } from './specification.js';

export interface ChannelRefusal {
  readonly kind: 'bad-url' | 'bad-branch' | 'bad-revision';
  /** A sentence without the refused value, which may hold a password. */
  readonly sentence: string;
}

const url = /^(https?|ssh|git|file):\/\/[^\s\0-\x1f-][^\s\0-\x1f]*$/;
const branch = /^(?!-)[A-Za-z0-9_+=%#!,.@-]+(\/[A-Za-z0-9_+=%#!,.@-]+)*$/;
const forbiddenInBranch = /\.\.|@\{|\/\.|^\.|\.$|^@$|\.lock(\/|$)/;
const revision = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

export function isChannelUrl(text: string): boolean {
  return text.length <= 2048 && url.test(text);
}

export function isBranch(text: string): boolean {
  return text.length <= 255 && branch.test(text) && !forbiddenInBranch.test(text);
}

export function isRevision(text: string): boolean {
  return revision.test(text);
}

export function checkChannel(channel: Channel): Result<Channel, ChannelRefusal> {
  if (!isChannelUrl(channel.url)) {
    const sentence = 'the address is not an https, http, ssh, git or file address';
    return err({ kind: 'bad-url', sentence });
  }
  if (!isBranch(channel.branch)) {
    return err({ kind: 'bad-branch', sentence: 'the branch is not a git branch name' });
  }
  if (channel.commit !== undefined && !isRevision(channel.commit)) {
    return err({ kind: 'bad-revision', sentence: 'the commit is not a full git revision' });
  }
  return ok(channel);
}

/** Takes user names and passwords out of every address in a text. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/'"]*@/gi, '$1');
}
