/**
 * Whom a specification tells when a job of it breaks or is mended. Secrets are named, never written
 * here: a name is that of a file among the farm's credentials.
 */
export type Notification =
  | {
      readonly type: 'email';
      readonly from: string;
      readonly to: string;
      /** `smtp://HOST:PORT`, `smtps://…` or `sendmail:///…`, as mailers are written. */
      readonly server: string;
    }
  /** Read and kept; nothing is delivered there yet. */
  | { readonly type: 'mastodon' }
  | {
      readonly type: 'webhook';
      readonly url: string;
      /** The credential that signs the deliveries. */
      readonly secret?: string | undefined;
    };
