// Generated from the OpenAPI document by `npm run client`: do not edit.
/** How clients fetch what was built. */
import type { Client, Reading } from '../client.js';

export interface UseAnswer {
  readonly stores: readonly {
    readonly slug: string;
    readonly dir: string;
    readonly dialect: 'guix' | 'nix';
    readonly kind: 'farm' | 'untrusted' | 'pushed';
    readonly address: string;
    readonly ttlSeconds: number;
    readonly keys: readonly { readonly text: string; readonly fingerprint: string }[];
    readonly lines: readonly {
      readonly title: string;
      readonly place: 'shell' | '/etc/nix/nix.conf' | '~/.netrc' | 'configuration.scm';
      readonly text: string;
    }[];
    readonly standing?: {
      readonly offeredAt: string | null;
      readonly broken: number;
      readonly withdrawn: number;
      readonly brokenAt: string | null;
    };
    readonly answering?: {
      readonly answers: boolean;
      readonly askedAt: string;
      readonly milliseconds: number;
      readonly fault: string | null;
    } | null;
  }[];
}

/** Addresses, keys and ready lines for the clients of each store. */
export function getUse(client: Client, input: {} & Reading = {}): Promise<UseAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/use', answer: 'json' }, input);
}
