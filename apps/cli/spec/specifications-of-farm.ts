/** The specifications of a running farm, as its REST API tells and takes them. */
import { z } from 'zod';
import { SpecificationAnswer } from '#protocol/api/specification.js';
import type { SpecificationInput } from '#protocol/specification.js';
import type { FarmConnection } from '../farm-connection.js';

const address = '/api/v1/specifications';
const List = z.object({ items: z.array(SpecificationAnswer) });

export interface Writing {
  /** The version that was read; absent: there was none, or it does not matter. */
  readonly version?: number | undefined;
  /** Who keeps it from now on; absent: whoever does. */
  readonly managedBy?: string | undefined;
  /** Though another keeps it. */
  readonly force: boolean;
}

export class SpecificationsOfFarm {
  constructor(private readonly farm: Pick<FarmConnection, 'call'>) {}

  async list(): Promise<SpecificationAnswer[]> {
    return (await this.farm.call({ method: 'GET', path: address, answer: List })).items;
  }

  find(name: string): Promise<SpecificationAnswer> {
    const path = `${address}/${encodeURIComponent(name)}`;
    return this.farm.call({ method: 'GET', path, answer: SpecificationAnswer });
  }

  put(input: SpecificationInput, writing: Writing): Promise<SpecificationAnswer> {
    const { version } = writing;
    return this.farm.call({
      method: 'PUT',
      path: `${address}/${encodeURIComponent(input.name)}${queryOf(writing)}`,
      body: input,
      answer: SpecificationAnswer,
      ...(version === undefined ? {} : { ifMatch: `"${version}"` }),
    });
  }

  async archive(name: string, writing: Writing): Promise<void> {
    const path = `${address}/${encodeURIComponent(name)}${queryOf(writing)}`;
    await this.farm.call({ method: 'DELETE', path, answer: z.unknown() });
  }
}

function queryOf({ managedBy, force }: Writing): string {
  const query = new URLSearchParams();
  if (managedBy !== undefined) query.set('managed-by', managedBy);
  if (force) query.set('force', 'true');
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
