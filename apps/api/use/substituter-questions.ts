/**
 * What the substituter itself says of each store: whether it answers now, and its public keys where
 * they do not lie on this machine. It is asked in the background, and nobody waits for it for long.
 */
import { addressOfStore } from '#domain/substitute/client-lines.js';
import type { Store } from '#domain/substitute/store.js';
import { KeptAWhile } from '#nest/kept-a-while.js';
import type { UseAnswer } from '#protocol/api/use.js';

export type Answering = NonNullable<UseAnswer['stores'][number]['answering']>;

/** Milliseconds that it has for an answer. */
const patience = 1000;
const longestKey = 64 * 1024;
/** Who reads waits a tenth of a second, and then does without. */
const pulse = { fresh: 5000, told: 30_000, patience: 100 };
/** Keys change seldom, and are good while the substituter is away. */
const keys = { fresh: 30_000, told: 24 * 3_600_000, patience: 100 };

export class SubstituterQuestions {
  private readonly pulses = new Map<string, KeptAWhile<Answering>>();
  private readonly keys = new Map<string, KeptAWhile<string>>();

  /** `base`: where this machine reaches it. */
  constructor(private readonly base: string) {}

  /** Null: not known yet. */
  answering(store: Store): Promise<Answering | null> {
    const ask = (): Promise<Answering> => this.listen(store);
    return ofStore(this.pulses, store, () => new KeptAWhile({ ...pulse, ask })).read();
  }

  /** Null: not known yet, or it has none. */
  keyOf(store: Store): Promise<string | null> {
    const ask = (): Promise<string> => this.askKey(store);
    return ofStore(this.keys, store, () => new KeptAWhile({ ...keys, ask })).read();
  }

  private async listen(store: Store): Promise<Answering> {
    const askedAt = new Date().toISOString();
    const began = performance.now();
    const fault = await this.ask(store, 'nix-cache-info').then(
      (answer) => (answer.ok ? null : `HTTP status ${answer.status}`),
      () => 'no answer',
    );
    const milliseconds = Math.round(performance.now() - began);
    return { answers: fault === null, askedAt, milliseconds, fault };
  }

  private async askKey(store: Store): Promise<string> {
    const { ok, text } = await this.ask(store, 'signing-key.pub');
    if (ok && text.length > 0 && text.length < longestKey) return text;
    throw new Error(`no key of ${store.slug}`);
  }

  private async ask(
    store: Store,
    file: string,
  ): Promise<{ readonly ok: boolean; readonly status: number; readonly text: string }> {
    const address = addressOfStore({ ...store, host: null }, this.base);
    const signal = AbortSignal.timeout(patience);
    const answer = await fetch(`${address}/${file}`, { signal, redirect: 'error' });
    return { ok: answer.ok, status: answer.status, text: await answer.text() };
  }
}

function ofStore<T>(all: Map<string, T>, { slug }: Store, make: () => T): T {
  const one = all.get(slug) ?? make();
  all.set(slug, one);
  return one;
}
