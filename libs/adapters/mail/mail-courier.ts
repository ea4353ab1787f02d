/**
 * Mail by SMTP, or handed to the machine's own sendmail. One connection for each message: there are
 * few of them, and a server that hangs holds up no second one.
 */
import { spawn } from 'node:child_process';
import nodemailer from 'nodemailer';
import MailComposer from 'nodemailer/lib/mail-composer';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import type { BuildId } from '#domain/ids.js';
import { brokenBuilds, mailOf, type Mail } from '#domain/notification/mail.js';
import { readMailer, type Mailer } from '#domain/notification/mailer-address.js';
import type { Pages } from '#domain/notification/pages.js';
import type { Outcome } from '#domain/notification/timing.js';
import type { Courier } from '#application/ports/courier.js';
import { timeLimit } from '#adapters/system/time-limit.js';

export interface MailSettings {
  readonly pages: Pages;
  /** Of the farm's public address. */
  readonly host: string;
  /** What `sendmail:` runs. */
  readonly sendmail: string;
  /** For the whole of one message. */
  readonly timeoutSeconds: number;
  /** Of a credential; throws FarmFault. */
  readonly secret: (name: string) => Promise<string>;
  /** The last kilobytes of a build's log; empty when there is none to be read. */
  readonly endOfLog: (build: BuildId) => Promise<string>;
}

type Letter = Mail & { readonly from: string; readonly to: string };

/** Programs that are sendmail wherever a specification was written. */
const usualPrograms = ['/usr/sbin/sendmail', '/usr/lib/sendmail', '/usr/bin/sendmail'];
const saidAtMost = 2000;

export function mailCourier(settings: MailSettings): Courier<'email'> {
  return async (message, { from, to, server }, cancellation) => {
    const mailer = readMailer(server);
    if (!mailer.ok) return { kind: 'refused', answer: mailer.error };
    const builds = brokenBuilds(message);
    const ends = await Promise.all(builds.map((build) => settings.endOfLog(build)));
    const logs = new Map(builds.map((build, index) => [build, ends[index]!]));
    const letter = { ...mailOf(message, { ...settings, logs }), from, to };
    const signal = timeLimit(settings.timeoutSeconds, cancellation);
    return mailer.value.kind === 'smtp'
      ? bySmtp(settings, mailer.value, { letter, signal })
      : bySendmail(settings, mailer.value.program, { letter, signal });
  };
}

interface Sending {
  readonly letter: Letter;
  readonly signal: AbortSignal;
}

async function bySmtp(
  settings: MailSettings,
  { host, port, secure, user, credential }: Extract<Mailer, { kind: 'smtp' }>,
  { letter, signal }: Sending,
): Promise<Outcome> {
  const auth = user === null ? undefined : { user, pass: await settings.secret(credential) };
  const loopback = ['localhost', '127.0.0.1', '::1'].includes(host);
  const transport = nodemailer.createTransport({
    ...{ host, port, secure, name: settings.host },
    // A password travels encrypted, or stays on this machine.
    requireTLS: auth !== undefined && !loopback,
    tls: { rejectUnauthorized: !loopback },
    ...(auth && { auth }),
    connectionTimeout: settings.timeoutSeconds * 1000,
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  try {
    const { response } = await transport.sendMail({ ...letter, encoding: 'utf-8', signal });
    return { kind: 'delivered', answer: response };
  } catch (error) {
    if (signal.aborted) return tooLong(settings);
    return outcomeOf(error);
  } finally {
    transport.close();
  }
}

/** 5xx about this very receiver or message is for good; all else may be mended. */
function outcomeOf(error: unknown): Outcome {
  const { responseCode, code, response } = error as {
    readonly responseCode?: number;
    readonly code?: string;
    readonly response?: string;
  };
  const answer = response ?? sentenceOf(error);
  const forGood = (responseCode ?? 0) >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
  return { kind: forGood ? 'refused' : 'failed', answer };
}

async function bySendmail(
  settings: MailSettings,
  program: string | null,
  sending: Sending,
): Promise<Outcome> {
  const { sendmail } = settings;
  if (program !== null && program !== sendmail && !usualPrograms.includes(program)) {
    const answer = `the farm runs ${sendmail} for sendmail:, never ${program}`;
    return { kind: 'refused', answer };
  }
  const { from, to } = sending.letter;
  const composed = await new MailComposer(sending.letter).compile().build();
  // `--` ends the options, so that no address is one.
  const child = spawn(sendmail, ['-i', '-f', from, '--', to], {
    stdio: ['pipe', 'ignore', 'pipe'],
    signal: sending.signal,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(-saidAtMost);
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(composed);
  const ended = await new Promise<number | Error>((resolve) => {
    child.once('error', resolve);
    child.once('close', (status, signal) => resolve(status ?? new Error(`${signal}`)));
  });
  if (sending.signal.aborted) return tooLong(settings);
  if (ended instanceof Error) {
    throw new FarmFault('program-missing', `${sendmail} cannot be run: ${ended.message}`);
  }
  if (ended === 0) return { kind: 'delivered', answer: `${sendmail} took it` };
  return { kind: 'failed', answer: `${sendmail} ended with status ${ended}: ${said.trim()}` };
}

function tooLong({ timeoutSeconds }: MailSettings): Outcome {
  return { kind: 'failed', answer: `no answer within ${timeoutSeconds} seconds` };
}
