/**
 * How git shows a private repository who we are: a password by askpass for https, a key of ours for
 * ssh. Both are told by environment; neither addresses, arguments nor files of git hold a secret.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import type { Channel } from '#domain/specification/specification.js';
import type { Credentials } from '#adapters/system/credentials.js';

/** A credential that is a token alone goes with this user; the forges take any, or just it. */
const tokenUser = 'x-access-token';
const knownHosts = 'known_hosts';
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

/** Answers for one host alone: a redirection elsewhere is told nothing. */
const askpass = `#!/bin/sh
case "$1" in
  "Username for '$GAMBESON_GIT_SCHEME://$GAMBESON_GIT_HOST': ")
    printf '%s\\n' "$GAMBESON_GIT_USER" ;;
  "Password for '$GAMBESON_GIT_SCHEME://"*"@$GAMBESON_GIT_HOST': ")
    printf '%s\\n' "$GAMBESON_GIT_PASSWORD" ;;
  *) exit 1 ;;
esac
`;

export type Environment = Readonly<Record<string, string>>;

export class ChannelAccess {
  private program: Promise<string> | undefined;

  constructor(
    private readonly directory: string,
    private readonly credentials: Credentials | undefined,
  ) {}

  /** What git is told beside its arguments. Throws FarmFault `misconfigured`. */
  async environmentOf(channel: Pick<Channel, 'url' | 'credential'>): Promise<Environment> {
    const { url, credential } = channel;
    if (credential === undefined) return {};
    if (!this.credentials) throw refused(credential, 'is not to be had here');
    const [scheme = '', rest = ''] = url.split('://');
    const authority = rest.split(/[/?#]/)[0] ?? '';
    if (scheme === 'ssh') return this.keyOf(credential, this.credentials);
    if (scheme !== 'https' && scheme !== 'http') {
      throw refused(credential, `is for https and ssh, not for ${scheme}`);
    }
    if (authority.includes('@')) {
      throw refused(credential, 'is not sent where the address names a user: take that out');
    }
    if (scheme === 'http' && !loopback.test(authority)) {
      throw refused(credential, 'is sent by https alone');
    }
    return this.passwordOf({ scheme, host: authority }, await this.credentials.read(credential));
  }

  private async passwordOf(
    { scheme, host }: { readonly scheme: string; readonly host: string },
    secret: string,
  ): Promise<Environment> {
    const colon = secret.indexOf(':');
    return {
      GIT_ASKPASS: await this.askpass(),
      GAMBESON_GIT_SCHEME: scheme,
      GAMBESON_GIT_HOST: host,
      GAMBESON_GIT_USER: colon < 0 ? tokenUser : secret.slice(0, colon),
      GAMBESON_GIT_PASSWORD: secret.slice(colon + 1),
    };
  }

  /** Hosts are known beforehand: a first meeting is no reason for trust. */
  private async keyOf(credential: string, credentials: Credentials): Promise<Environment> {
    const key = await credentials.fileOf(credential);
    const hosts = await credentials.fileOf(knownHosts);
    if (!/^[A-Za-z0-9_./+@-]+$/.test(dirname(key))) {
      throw refused(credential, 'lies in a directory whose name ssh would misread');
    }
    const options = [
      ...['-F', 'none', '-oBatchMode=yes', '-oConnectTimeout=20', '-oIdentitiesOnly=yes'],
      ...['-oIdentityAgent=none', '-oStrictHostKeyChecking=yes', '-oUpdateHostKeys=no'],
      ...[`-oUserKnownHostsFile=${hosts}`, '-i', key],
    ];
    return { GIT_SSH_COMMAND: ['ssh', ...options].join(' ') };
  }

  private async askpass(): Promise<string> {
    try {
      return await (this.program ??= this.writeProgram());
    } catch (error) {
      this.program = undefined;
      throw error;
    }
  }

  private async writeProgram(): Promise<string> {
    const path = join(this.directory, 'askpass');
    const staged = `${path}.${process.pid}`;
    await mkdir(this.directory, { recursive: true });
    await writeFile(staged, askpass, { mode: 0o700 });
    await rename(staged, path);
    return path;
  }
}

function refused(credential: string, why: string): FarmFault {
  return new FarmFault('misconfigured', `the credential ${credential} ${why}`, 'later');
}
