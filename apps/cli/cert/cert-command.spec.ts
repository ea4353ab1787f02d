import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommand, type Ran } from '#testkit/run-command.js';
import { endBadly } from '../exit-codes.js';
import { gambesonProgram } from '../program.js';
import { listWords } from './cert-command.js';
import { readRegister } from './register.js';

let directory: string;
let authority: string;
let password: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gambeson-cert-'));
  authority = join(directory, 'ca');
  password = join(directory, 'password');
  writeFileSync(password, 'only for the tests\n');
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function cert(command: string, ...words: string[]): Promise<Ran> {
  const of = ['--directory', authority, '--ca-password-file', password];
  const all = ['node', 'gambeson', 'cert', command, ...of, ...words];
  return runCommand(() => gambesonProgram().parseAsync(all), endBadly);
}

async function answer(command: string, ...words: string[]): Promise<Record<string, unknown>> {
  const ran = await cert(command, '--json', ...words);
  expect(ran).toMatchObject({ status: 0, errors: '' });
  return JSON.parse(ran.out) as Record<string, unknown>;
}

/** What openssl says of a certificate, with the list of revoked ones looked at. */
function verified(file: string): string {
  const words = ['-CAfile', 'ca.crt', '-CRLfile', 'crl.pem', '-crl_check', '-purpose', 'sslclient'];
  try {
    return execFileSync('openssl', ['verify', ...words, file], { cwd: authority, stdio: 'pipe' })
      .toString()
      .trim();
  } catch (error) {
    return String((error as { stderr: Buffer }).stderr);
  }
}

describe('an authority for the certificates of administrators', () => {
  it('is made once, with a key that its owner alone reads and a password guards', async () => {
    expect(await cert('ca', '--name', 'Farm people')).toMatchObject({ status: 0, errors: '' });
    const made = new X509Certificate(readFileSync(join(authority, 'ca.crt')));
    expect([made.subject, made.ca, made.verify(made.publicKey)]).toEqual([
      'CN=Farm people',
      true,
      true,
    ]);
    expect(statSync(join(authority, 'private')).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(authority, 'private/ca.key'), 'utf8')).toContain('ENCRYPTED');
    expect(await cert('ca')).toMatchObject({ status: 5 });
  });

  it('issues a certificate with a key of its own and a file for browsers', async () => {
    const made = await answer(
      'issue',
      'ada',
      '--organisation',
      'Farm',
      '--p12-password-file',
      password,
    );
    expect(made).toMatchObject({ subject: 'CN=ada,O=Farm' });
    const [certificate = '', bundle = '', key = ''] = made['files'] as string[];
    expect(verified(certificate)).toBe(`${certificate}: OK`);
    expect([bundle, key].map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600]);
    const words = ['pkcs12', '-in', bundle, '-passin', `file:${password}`, '-nodes'];
    expect(execFileSync('openssl', words, { stdio: 'pipe' }).toString()).toContain('PRIVATE KEY');
  });

  it('names the holder of a request itself, whatever the request says', async () => {
    const [key, request] = [join(directory, 'bob.key'), join(directory, 'bob.csr')];
    const words = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const extension = ['-addext', 'basicConstraints=CA:true', '-subj', '/CN=ada'];
    const files = ['-keyout', key, '-out', request];
    execFileSync('openssl', [...words, ...extension, ...files], { stdio: 'ignore' });
    const made = await answer('issue', 'bob', '--csr', request, '--days', '2');
    const [certificate = '', ...more] = made['files'] as string[];
    expect([made['subject'], more]).toEqual(['CN=bob', []]);
    const read = new X509Certificate(readFileSync(certificate));
    expect(read.ca).toBe(false);
    expect(read.checkPrivateKey(createPrivateKey(readFileSync(key)))).toBe(true);
    writeFileSync(request, 'none');
    expect(await cert('issue', 'eve', '--csr', request)).toMatchObject({ status: 2 });
  });

  it('revokes by name, and the list of revoked ones says so at once', async () => {
    const one = (await answer('issue', 'carl'))['files'] as string[];
    const other = (await answer('issue', 'carla'))['files'] as string[];
    expect(verified(one[0]!)).toContain('OK');
    expect((await answer('revoke', 'carl', '--reason', 'keyCompromise'))['revoked']).toHaveLength(
      1,
    );
    expect(verified(one[0]!)).toContain('certificate revoked');
    expect(verified(other[0]!)).toContain('OK');
    expect(await cert('revoke', 'nobody')).toMatchObject({ status: 3 });
    const { items } = (await answer('list')) as { items: { subject: string; state: string }[] };
    expect(items.map(({ subject, state }) => `${subject} ${state}`)).toEqual([
      ...['CN=ada,O=Farm good', 'CN=bob good', 'CN=carl revoked', 'CN=carla good'],
    ]);
  });

  it('knows names beyond ASCII as they are written', async () => {
    await answer('issue', 'Zoë Ågren', '--organisation', 'Čedok');
    expect((await cert('list')).out).toContain('CN=Zoë Ågren,O=Čedok');
    expect((await answer('revoke', 'Zoë Ågren'))['revoked']).toHaveLength(1);
  });

  it('writes the list of revoked ones anew, and says until when it is good', async () => {
    const { listEndsAt } = await answer('crl', '--crl-days', '90');
    expect(Date.parse(String(listEndsAt)) - Date.now()).toBeGreaterThan(89 * 24 * 3600 * 1000);
    expect((await cert('list')).out).toContain(String(listEndsAt).slice(0, 16));
  });

  it('says who is refused once the list has run out', () => {
    const [before, after] = [new Date('2026-05-01T00:00:00Z'), new Date('2026-05-03T00:00:00Z')];
    expect(listWords('2026-05-02T10:00:00.000Z', before)).toContain('good until 2026-05-02T10:00');
    expect(listWords('2026-05-02T10:00:00.000Z', after)).toContain('nginx refuses all');
  });

  it.each(['a/CN=root', '', '-x y', 'a\nb', 'a=b', '../x'])('takes no name %j', async (name) => {
    expect(await cert('issue', '--', name)).toMatchObject({ status: 2 });
    expect(existsSync(join(authority, 'private/under-way'))).toBe(false);
  });
});

describe('the register of an authority', () => {
  it('tells what has run out, and reads the years of both centuries', () => {
    const now = new Date('2026-06-01T00:00:00Z');
    const text = [
      'V\t260101000000Z\t\t01\tunknown\t/O=Farm/CN=ada',
      'V\t20510101000000Z\t\t02\tunknown\t/CN=bob',
      'R\t270101000000Z\t260501000000Z,keyCompromise\t03\tunknown\t/CN=eve',
      'what is this',
    ].join('\n');
    expect(readRegister(text, now)).toMatchObject([
      { subject: 'CN=ada,O=Farm', state: 'expired', expiresAt: '2026-01-01T00:00:00.000Z' },
      { subject: 'CN=bob', state: 'good', expiresAt: '2051-01-01T00:00:00.000Z' },
      { state: 'revoked', reason: 'keyCompromise', revokedAt: '2026-05-01T00:00:00.000Z' },
    ]);
  });
});
