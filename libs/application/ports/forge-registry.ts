/** Forges as an operator adds and changes them. Every method throws `database-unavailable`. */
import type { Forge } from '#domain/forge/forge.js';
import type { RequestTemplate } from '#domain/forge/request-template.js';
import type { ForgeId } from '#domain/ids.js';

export interface ForgeRegistry {
  /** Adds it, or changes the one of that name; its id stays. */
  put(forge: Omit<Forge, 'id'>): Promise<ForgeId>;
  /** What it told stays; the specifications of its requests end soon. False: there is none. */
  remove(name: string): Promise<boolean>;
  /** Adds it, or changes the one of that repository and specification. */
  putTemplate(template: Omit<RequestTemplate, 'id'>): Promise<number>;
  /** The specifications of its requests end soon. False: the forge has none of that id. */
  removeTemplate(forge: ForgeId, template: number): Promise<boolean>;
  /** A request that did not come from it; noted no more often than each ten seconds. */
  noteRefusal(forge: ForgeId, why: string): Promise<void>;
}
