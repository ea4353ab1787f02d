/**
 * Pull requests and the specifications that were made for them. Every method throws FarmFault
 * `database-unavailable`.
 */
import type { RequestState, StandingRequest } from '#domain/forge/decide-request.js';
import type { RequestTemplate } from '#domain/forge/request-template.js';
import type { ForgeId, SpecificationId } from '#domain/ids.js';

export interface KnownRequest extends StandingRequest {
  /** Of its specification. */
  readonly name: string;
  /** Null: the name is claimed, and whether the specification stands is not known yet. */
  readonly specification: SpecificationId | null;
}

export interface RequestKey {
  /** Id of the template. */
  readonly template: number;
  readonly number: number;
}

export interface RequestNote extends RequestKey, Omit<KnownRequest, 'updatedAt'> {
  /** As the forge dates it. */
  readonly updatedAt: string;
  /** Null: the expiry stays. */
  readonly expiryHours: number | null;
}

export interface RequestStore {
  /** How the pull requests of a repository are built, oldest first. */
  templates(forge: ForgeId, repository: string): Promise<readonly RequestTemplate[]>;
  find(key: RequestKey): Promise<KnownRequest | null>;
  /** Requests of the template that have a specification. */
  countOpen(template: number): Promise<number>;
  note(note: RequestNote): Promise<void>;
  /** Open ones whose time has come, or whose template or forge was removed. */
  overdue(limit: number): Promise<readonly (RequestKey & KnownRequest)[]>;
  end(key: RequestKey, state: RequestState): Promise<void>;
}
