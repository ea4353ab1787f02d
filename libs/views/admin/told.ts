/**
 * What a page says after a change. The address of the page carries a word and a name, never a
 * sentence: a link that somebody else wrote cannot put its own text here.
 */

export interface Told {
  readonly done: Done;
  /** Whose: a name, an id. */
  readonly of: string;
  /** The intent that carries it out, when many builds are concerned. */
  readonly intent: string | null;
}

const sentences = {
  added: (of: string) => `${of} is added.`,
  saved: (of: string) => `${of} is saved.`,
  unchanged: (of: string) => `${of} was so already: nothing is changed.`,
  paused: (of: string) => `${of} is paused.`,
  resumed: (of: string) => `${of} goes on.`,
  draining: (of: string) => `${of} ends what it builds and takes nothing new.`,
  removed: (of: string) => `${of} is removed.`,
  revoked: (of: string) => `${of} is revoked.`,
  triggered: (of: string) => `The channels of ${of} are looked at now.`,
  looked: (of: string) => `${of} is looked at now.`,
  canceled: (of: string) => `${of} is canceled.`,
  restarted: (of: string) => `${of} is scheduled again.`,
  retried: (of: string) => `${of} is read once more, as a new evaluation.`,
  bumped: (of: string) => `${of} goes before all others, with the inputs that it waits for.`,
  resent: (of: string) => `${of} is sent again.`,
  trial: (of: string) => `Every receiver of ${of} is told that this is a trial.`,
  redelivered: (of: string) => `${of} is taken once more.`,
  collecting: (of: string) => `${of} is asked for.`,
} as const;
export type Done = keyof typeof sentences;

/** Null: the address tells nothing that we say. */
export function readTold(query: URLSearchParams): Told | null {
  const [done, of = '', intent] = ['done', 'of', 'intent'].map((key) => query.get(key) ?? '');
  if (!Object.hasOwn(sentences, done ?? '')) return null;
  if (!/^[A-Za-z0-9][A-Za-z0-9 .,_/@-]{0,199}$/.test(of)) return null;
  const known = /^[1-9][0-9]{0,15}$/.test(intent ?? '') ? (intent ?? null) : null;
  return { done: done as Done, of, intent: known };
}

export function toldOf({ done, of, intent }: Told): { text: string; address: string | null } {
  const text = sentences[done](of);
  return { text, address: intent === null ? null : `/admin/intents/${intent}` };
}

/** The address to go to after a change: it says what was done. */
export function toldAddress(address: string, told: Omit<Told, 'intent'> & Partial<Told>): string {
  const { done, of, intent = null } = told;
  const more = { done, of, ...(intent !== null && { intent }) };
  return `${address}?${new URLSearchParams(more).toString()}`;
}
