/** A forge: where repositories lie, and which tells the farm of pushes and pull requests. */
import type { ForgeId } from '../ids.js';

export const forgeKinds = ['github', 'gitlab', 'gitea', 'forgejo'] as const;
export type ForgeKind = (typeof forgeKinds)[number];

export interface Forge {
  readonly id: ForgeId;
  /** As in `/webhooks/NAME`. */
  readonly name: string;
  readonly kind: ForgeKind;
  /** `https://github.com`: where its repositories lie, without a trailing slash. */
  readonly address: string;
  /** `https://api.github.com`, without a trailing slash. */
  readonly apiAddress: string;
  /** Names of credentials: a signature by any of them is good. */
  readonly secrets: readonly string[];
  /** The credential whose token writes commit statuses; null: none are written. */
  readonly statusCredential: string | null;
}

/** The pull request (or merge request) that a specification was made for. */
export interface RequestOrigin {
  readonly forge: ForgeId;
  /** OWNER/NAME in small letters: where it is to be merged, and where its commits have statuses. */
  readonly repository: string;
  readonly number: number;
}

/** Where the API of a forge lies, when nobody says: as each of them has it out of the box. */
export function usualApiAddress(kind: ForgeKind, address: string): string {
  const { origin, host } = new URL(address);
  if (kind === 'github') {
    return host === 'github.com' ? 'https://api.github.com' : `${origin}/api/v3`;
  }
  return `${address}/api/${kind === 'gitlab' ? 'v4' : 'v1'}`;
}
