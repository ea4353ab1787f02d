// Generated from the OpenAPI document by `npm run client`: do not edit.
/** The farm as a whole. */
import type { Client, Reading } from '../client.js';

export interface DiskAnswer {
  readonly name: string;
  readonly place: string;
  readonly level: 'soft' | 'hard';
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly since: string;
}

export interface FarmAnswer {
  readonly disk: 'roomy' | 'soft' | 'hard';
  readonly disks: readonly DiskAnswer[];
}

/** What the farm holds back for want of room. */
export function getFarm(client: Client, input: {} & Reading = {}): Promise<FarmAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/farm', answer: 'json' }, input);
}
