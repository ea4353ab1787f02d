/** The register of issued certificates, as `openssl ca` keeps it: one line each, with tabs. */

export interface Issued {
  /** Hexadecimal. */
  readonly serial: string;
  /** As RFC 4514 writes it, as far as our names go. */
  readonly subject: string;
  readonly state: 'good' | 'expired' | 'revoked';
  /** ISO 8601. */
  readonly expiresAt: string;
  readonly revokedAt: string | null;
  readonly reason: string | null;
}

/** Lines that are none are left out. */
export function readRegister(text: string, now: Date): Issued[] {
  return text.split('\n').flatMap((line) => {
    const [state, expires = '', revoked = '', serial = '', , name = ''] = line.split('\t');
    const expiresAt = timeOf(expires);
    if (!/^[VRE]$/.test(state ?? '') || expiresAt === null) return [];
    const [when = '', reason = null] = revoked.split(',');
    const over = expiresAt.getTime() <= now.getTime();
    return [
      {
        ...{ serial, subject: subjectOf(name), reason },
        state: state === 'R' ? 'revoked' : over ? 'expired' : 'good',
        expiresAt: expiresAt.toISOString(),
        revokedAt: timeOf(when)?.toISOString() ?? null,
      } as const,
    ];
  });
}

/** `YYMMDDHHMMSSZ` until 2049, `YYYYMMDDHHMMSSZ` afterwards. */
function timeOf(text: string): Date | null {
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (!match) return null;
  const [year = 0, month = 0, ...rest] = match.slice(1).map(Number);
  const [day, hour, minute, second] = rest;
  const whole = year < 100 ? year + (year < 50 ? 2000 : 1900) : year;
  return new Date(Date.UTC(whole, month - 1, day, hour, minute, second));
}

/** `/O=Farm/CN=ada` becomes `CN=ada,O=Farm`. No value of ours holds a slash. */
function subjectOf(name: string): string {
  return unescaped(name).split('/').filter(Boolean).reverse().join(',');
}

/** openssl writes each byte beyond ASCII as `\\xC3`. */
function unescaped(text: string): string {
  return text.replaceAll(/(?:\\x[0-9A-F]{2})+/gi, (run) =>
    Buffer.from(run.replaceAll(/\\x/gi, ''), 'hex').toString('utf8'),
  );
}
