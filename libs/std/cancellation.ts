/**
 * A Cancellation tells work that nobody waits for it any more. It stands in for the platform's
 * AbortSignal in the pure rooms, which compile without platform types; any AbortSignal fits it.
 */
export interface Cancellation {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The cancellation that never comes. */
export const never: Cancellation = {
  aborted: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
};
