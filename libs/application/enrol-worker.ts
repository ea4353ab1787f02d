/**
 * A one-time token becomes a worker with a credential of its own. Tokens and credentials are kept
 * as hashes only; whoever calls makes the secrets and tells them once.
 */
import { ok, type Result } from '#std/result.js';
import type { WorkerId } from '#domain/ids.js';
import type { EnrolRefusal, WorkerStore } from './ports/worker-store.js';

export interface Secrets {
  random(): string;
  hash(secret: string): string;
}

export interface Enrolled {
  readonly worker: WorkerId;
  readonly name: string;
  /** `WORKER.SECRET`, as the worker shows it when it connects. */
  readonly credential: string;
}

export async function enrolWorker(
  store: WorkerStore,
  secrets: Secrets,
  request: { readonly token: string; readonly name: string },
): Promise<Result<Enrolled, EnrolRefusal>> {
  const secret = secrets.random();
  const { name } = request;
  const tokenHash = secrets.hash(request.token);
  const made = await store.enrol({ tokenHash, name, credentialHash: secrets.hash(secret) });
  if (!made.ok) return made;
  return ok({ worker: made.value, name, credential: `${made.value}.${secret}` });
}

/** The token, and when it ends. */
export async function createEnrolmentToken(
  store: WorkerStore,
  secrets: Secrets,
  wish: { readonly note: string; readonly seconds: number },
): Promise<{ readonly token: string; readonly expiresAt: Date }> {
  const token = secrets.random();
  const expiresAt = await store.createToken(secrets.hash(token), wish.note, wish.seconds);
  return { token, expiresAt };
}
