/**
 * Who keeps a specification: a file that an operator applies, a repository that the farm follows,
 * or whoever edits it here. What one keeps, another changes only on purpose, since the next time
 * that its own text is applied would undo it.
 */

/** `file:NAME`; '' is nobody. What repositories keep they alone may claim. */
export const keeperOfFile = /^(file:[A-Za-z0-9][A-Za-z0-9._-]{0,62})?$/;

export interface Writer {
  /** Undefined: an edit by hand, which leaves who keeps it. */
  readonly managedBy?: string | null | undefined;
  /** Write although another keeps it. */
  readonly force: boolean;
}

export function mayWrite(standing: string | null, { managedBy, force }: Writer): boolean {
  return force || standing === null || standing === managedBy;
}

/** For people: `the file farm`. */
export function keeperWords(managedBy: string): string {
  const [kind = '', ...name] = managedBy.split(':');
  return `the ${kind} ${name.join(':')}`;
}
