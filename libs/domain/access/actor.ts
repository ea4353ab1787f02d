/**
 * Who acts on the farm, and what each may do. How somebody is known (a token, a certificate, a
 * proxy) is the edge's to say; this is the law that follows from it, for REST, /admin and the hook
 * alike.
 */
import type { TokenId } from '../ids.js';

/** From the least to the most: who may more may all that is less. */
export const roles = ['viewer', 'maintainer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

export const vias = ['admin-token', 'token', 'certificate', 'proxy', 'anonymous'] as const;
export type Via = (typeof vias)[number];

export interface Actor {
  /** For people: the name in a certificate or of a token; 'admin' for the admin token. */
  readonly name: string;
  readonly via: Via;
  readonly role: Role;
  /** What it may change is of these alone; 'all' where the role is the only bound. */
  readonly specifications: readonly string[] | 'all';
  readonly token: TokenId | null;
  /** Of the certificate, lower-case hexadecimal without colons. */
  readonly fingerprint: string | null;
}

/** The least role that may do each thing. What is read by everybody is no action. */
const least = {
  'admin.see': 'viewer',
  'source.read': 'operator',
  'audit.read': 'operator',
  'evaluation.trigger': 'maintainer',
  'evaluation.cancel': 'maintainer',
  'evaluation.restart': 'maintainer',
  'build.restart': 'maintainer',
  'build.cancel': 'maintainer',
  'build.bump': 'operator',
  'specification.add': 'operator',
  'specification.edit': 'maintainer',
  'specification.pause': 'maintainer',
  'specification.remove': 'operator',
  'repository.manage': 'operator',
  'worker.enrol': 'operator',
  'worker.pause': 'operator',
  'worker.drain': 'operator',
  'worker.remove': 'operator',
  'notification.manage': 'operator',
  'retention.manage': 'operator',
  'garbage.collect': 'operator',
  'store.verify': 'operator',
  'store.manage': 'admin',
  'upstream.manage': 'admin',
  'forge.manage': 'admin',
  'key.manage': 'admin',
  'token.manage': 'admin',
} as const satisfies Record<string, Role>;

export type Action = keyof typeof least;
export const actions = Object.keys(least) as readonly Action[];

/** Nobody in particular: reads what all may read. */
export const anonymous: Actor = {
  name: 'anonymous',
  via: 'anonymous',
  role: 'viewer',
  specifications: [],
  token: null,
  fingerprint: null,
};

/**
 * Whether this actor may do this, to this specification where it is done to one. Who is bound to
 * named specifications may do nothing to the farm as a whole but look.
 */
export function may(actor: Actor, action: Action, specification?: string): boolean {
  return denialOf(actor, action, specification) === null;
}

export type Denial = 'nobody' | 'role' | 'specification';

/** Why not; null when it may. */
export function denialOf(actor: Actor, action: Action, specification?: string): Denial | null {
  if (actor.via === 'anonymous') return 'nobody';
  if (roles.indexOf(actor.role) < roles.indexOf(least[action])) return 'role';
  if (action === 'admin.see' || actor.specifications === 'all') return null;
  const known = specification !== undefined && actor.specifications.includes(specification);
  return known ? null : 'specification';
}

/** The least role that may do it, for the sentence that refuses others. */
export function leastRole(action: Action): Role {
  return least[action];
}
