/** How each forge names, in headers, what it tells and that this is the same as before. */
import type { ForgeKind } from '#domain/forge/forge.js';

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const eventHeaders: Readonly<Record<ForgeKind, readonly string[]>> = {
  github: ['x-github-event'],
  gitlab: ['x-gitlab-event'],
  gitea: ['x-gitea-event-type', 'x-gitea-event'],
  forgejo: ['x-forgejo-event-type', 'x-forgejo-event', 'x-gitea-event-type', 'x-gitea-event'],
};

/** GitLab's X-Gitlab-Event-UUID is no id of a delivery: what follows from one event shares it. */
const idHeaders: Readonly<Record<ForgeKind, readonly string[]>> = {
  github: ['x-github-delivery'],
  gitlab: ['webhook-id', 'idempotency-key'],
  gitea: ['x-gitea-delivery'],
  forgejo: ['x-forgejo-delivery', 'x-gitea-delivery'],
};

const word = /^[\x21-\x7e][\x20-\x7e]{0,199}$/;

/** Null: absent, said twice, or no plain word. */
export function headerOf(headers: Headers, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

export interface DeliveryHeaders {
  readonly event: string | null;
  /** Null: the forge gives none; the body must do. */
  readonly id: string | null;
}

export function readHeaders(kind: ForgeKind, headers: Headers): DeliveryHeaders {
  const first = (names: readonly string[]): string | null => {
    const values = names.map((name) => headerOf(headers, name));
    return values.find((value) => value !== null && word.test(value)) ?? null;
  };
  return { event: first(eventHeaders[kind]), id: first(idHeaders[kind]) };
}
