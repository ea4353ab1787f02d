/**
 * Who the people behind certificates are: a file of the operator's that maps subjects and
 * fingerprints to names and roles. It is read again when it has changed; one that cannot be used
 * keeps everybody out, and says why in the farm's log.
 */
import { Injectable, Inject, Logger } from '@nestjs/common';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { roles, type Actor } from '#domain/access/actor.js';
import { commonNameOf, normalName } from '#domain/access/distinguished-name.js';
import type { Settings } from '#nest/settings.js';
import { ResourceName } from '#protocol/specification.js';
import { sentenceOf } from '#std/farm-fault.js';
import { warnSeldom } from './seldom.js';
import { SETTINGS } from '../farm/tokens.js';

/** SHA-1 or SHA-256, plain. */
export const fingerprintForm = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/** As it is compared: lower case without colons. */
export function plainFingerprint(text: string): string {
  return text.toLowerCase().replaceAll(':', '');
}

const Fingerprint = z
  .string()
  .transform(plainFingerprint)
  .pipe(z.string().regex(fingerprintForm, 'SHA-1 or SHA-256 in hexadecimal'));
const Subject = z
  .string()
  .refine((text) => normalName(text) !== null, 'a subject as CN=ada,O=Farm');
const Right = z.strictObject({
  role: z.enum(roles),
  /** All of them unless told; a maintainer's are always told. */
  specifications: z.array(ResourceName).optional(),
});
const Person = Right.extend({
  name: z.string().min(1).max(100).optional(),
  subject: Subject.optional(),
  fingerprint: Fingerprint.optional(),
})
  .refine((person) => person.subject ?? person.fingerprint, 'a subject or a fingerprint is needed')
  .refine((person) => person.role !== 'maintainer' || person.specifications !== undefined, {
    message: 'a maintainer names specifications',
    path: ['specifications'],
  });
const People = z.strictObject({
  people: z.array(Person),
  /** Whoever has a good certificate and is not among them; nobody unless told. */
  others: Right.optional(),
});
type People = z.infer<typeof People>;

/** What a proxy told of a certificate that it found good. */
export interface Shown {
  readonly subject: string;
  /** SHA-1 and SHA-256 as far as they are known, lower case without colons. */
  readonly fingerprints: readonly string[];
}

@Injectable()
export class KnownPeople {
  private readonly logger = new Logger('access');
  private readonly file: string;
  private read: { readonly mark: string; readonly people: People | null } | null = null;

  constructor(@Inject(SETTINGS) { admin }: Settings) {
    this.file = admin.peopleFile;
  }

  /** Null when the file does not say what this certificate's holder may do. */
  async actorOf(shown: Shown): Promise<Actor | null> {
    const people = await this.people();
    const subject = normalName(shown.subject);
    const found = people?.people.find(
      (person) =>
        (person.subject === undefined || normalName(person.subject) === subject) &&
        (person.fingerprint === undefined || shown.fingerprints.includes(person.fingerprint)),
    );
    const right = found ?? people?.others;
    const name = found?.name ?? commonNameOf(shown.subject) ?? shown.subject;
    if (!right) {
      const who = `${shown.subject} (${shown.fingerprints.join(', ')})`;
      warnSeldom(who, `${who} is not in ${this.file}`);
      return null;
    }
    const { role, specifications = 'all' } = right;
    const fingerprint = shown.fingerprints.at(-1) ?? null;
    return { name, via: 'certificate', role, specifications, token: null, fingerprint };
  }

  private async people(): Promise<People | null> {
    const mark = await stat(this.file).then(
      ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
      () => 'none',
    );
    if (this.read?.mark !== mark) this.read = { mark, people: await this.readFile() };
    return this.read.people;
  }

  private async readFile(): Promise<People | null> {
    try {
      return People.parse(JSON.parse(await readFile(this.file, 'utf8')));
    } catch (error) {
      const why = error instanceof z.ZodError ? z.prettifyError(error) : sentenceOf(error);
      this.logger.error(`${this.file} cannot be used, so that no certificate opens /admin: ${why}`);
      return null;
    }
  }
}
