/**
 * The specifications of a running farm, as its REST API tells and takes them. They are put back
 * whole, and printed as files: what the farm tells is looked at, and refused where it is unknown.
 */
import { z } from 'zod';
import type { Client } from '#client/client.js';
import {
  getSpecification,
  listSpecifications,
  putSpecification,
  removeSpecification,
  type SpecificationInput as SpecificationBody,
} from '#client/generated/specifications.js';
import { SpecificationAnswer } from '#protocol/api/specification.js';
import type { SpecificationInput } from '#protocol/specification.js';
import { known } from '../farm-api.js';

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
  constructor(private readonly client: Client) {}

  async list(): Promise<SpecificationAnswer[]> {
    return known(List, await listSpecifications(this.client)).items;
  }

  async find(name: string): Promise<SpecificationAnswer> {
    const told = await getSpecification(this.client, { path: { name } });
    return known(SpecificationAnswer, told);
  }

  async put(input: SpecificationInput, writing: Writing): Promise<SpecificationAnswer> {
    const told = await putSpecification(this.client, {
      path: { name: input.name },
      query: queryOf(writing),
      body: bodyOf(input),
      ifMatch: writing.version === undefined ? '*' : `"${writing.version}"`,
    });
    return known(SpecificationAnswer, told);
  }

  async archive(name: string, writing: Writing): Promise<void> {
    await removeSpecification(this.client, { path: { name }, query: queryOf(writing) });
  }
}

/** A field that is undefined is left out of JSON, as one that is not there. */
export function bodyOf(input: SpecificationInput): SpecificationBody {
  return input as SpecificationBody;
}

function queryOf({ managedBy, force }: Writing) {
  return {
    ...(managedBy !== undefined && { 'managed-by': managedBy }),
    ...(force && { force: 'true' as const }),
  };
}
