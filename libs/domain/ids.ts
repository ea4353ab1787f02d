/**
 * Ids are bigint in Postgres, stable for ever, and travel here as safe integers: one parser at each
 * edge (SQL, JSON) refuses anything else. In v1 JSON they are strings.
 */
import type { Brand } from '#std/brand.js';
import { invariant } from '#std/invariant.js';

export type SpecificationId = Brand<number, 'SpecificationId'>;
export type EvaluationId = Brand<number, 'EvaluationId'>;
export type BuildId = Brand<number, 'BuildId'>;
export type AttemptId = Brand<number, 'AttemptId'>;
export type WorkerId = Brand<number, 'WorkerId'>;
/** Of a restart or cancel of many builds that is carried out bit by bit. */
export type IntentId = Brand<number, 'IntentId'>;
export type StoreId = Brand<number, 'StoreId'>;
/** Of an access token: its place in the table, not the token. */
export type TokenId = Brand<number, 'TokenId'>;
export type ForgeId = Brand<number, 'ForgeId'>;
/** Of what a forge told once. */
export type ForgeDeliveryId = Brand<number, 'ForgeDeliveryId'>;

/** Of a job that broke or was mended. */
export type WeatherChangeId = Brand<number, 'WeatherChangeId'>;
/** Of one message to one receiver. */
export type DeliveryId = Brand<number, 'DeliveryId'>;
/** Of what the status of a commit at its forge shall be. */
export type CommitStatusId = Brand<number, 'CommitStatusId'>;

/** Reads an id that came from our own tables or was checked by a schema at the edge. */
export function id<T extends Brand<number, string>>(value: number | string | bigint): T {
  const number = Number(value);
  invariant(Number.isSafeInteger(number) && number > 0, `${value} is not an id`);
  return number as T;
}

/** 64 random bits in hexadecimal, compared for equality only: who holds it owns the attempt. */
export type Fence = Brand<string, 'Fence'>;
