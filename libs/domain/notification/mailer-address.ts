/**
 * How a specification names its mailer, after GNU Mailutils as Cuirass does: `smtp://[USER@]HOST
 * [:PORT]`, the same with `smtps://`, or `sendmail:///PROGRAM`. A password has no place in it: that
 * of USER lies in the credential `smtp-HOST`.
 */
import { err, ok, type Result } from '#std/result.js';

export type Mailer =
  | {
      readonly kind: 'smtp';
      readonly host: string;
      readonly port: number;
      /** TLS from the first byte; else STARTTLS where the server has it. */
      readonly secure: boolean;
      readonly user: string | null;
      /** The name of the credential that holds the user's password. */
      readonly credential: string;
    }
  /** Null: the farm's own. */
  | { readonly kind: 'sendmail'; readonly program: string | null };

const smtp = /^(smtps?):\/\/(?:([^@/]*)@)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?\/?$/;

/** The error is a sentence for whoever wrote the specification. */
export function readMailer(server: string): Result<Mailer, string> {
  const sendmail = /^sendmail:\/\/\/?(|\/|[^\s/][^\s]*)$/.exec(server);
  if (sendmail) {
    const path = (sendmail[1] ?? '').replace(/^\/+/, '');
    return ok({ kind: 'sendmail', program: path === '' ? null : `/${path}` });
  }
  const [, scheme, user, bracketed, port] = smtp.exec(server) ?? [];
  if (scheme === undefined || bracketed === undefined) {
    return err('a mailer is smtp://HOST:PORT, smtps://HOST:PORT or sendmail:///');
  }
  const host = bracketed.replace(/^\[|\]$/g, '');
  const credential = `smtp-${host.replaceAll(':', '-')}`.slice(0, 63);
  if (user?.includes(':')) {
    return err(`a mailer's address holds no password: the credential ${credential} does`);
  }
  const secure = scheme === 'smtps';
  const number = port === undefined ? (secure ? 465 : user ? 587 : 25) : Number(port);
  if (number < 1 || number > 65_535) return err(`there is no port ${port}`);
  return ok({
    ...{ kind: 'smtp', host, port: number, secure, credential },
    user: user ? decoded(user) : null,
  });
}

/** Users are often addresses themselves, with `%40` for their `@`. */
function decoded(user: string): string {
  try {
    return decodeURIComponent(user);
  } catch {
    return user;
  }
}
