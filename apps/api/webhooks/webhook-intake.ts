/** Takes what a forge tells: believed or not, understood or not, and written down; no more. */
import { createHash } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresForgeCatalog } from '#adapters/postgres/forge-catalog.js';
import { PostgresForgeDeliveries } from '#adapters/postgres/forge-deliveries.js';
import { PostgresForgeRegistry } from '#adapters/postgres/forge-registry.js';
import { Credentials } from '#adapters/system/credentials.js';
import type { Bus } from '#application/ports/bus.js';
import type { Receipt } from '#application/ports/forge-deliveries.js';
import type { Forge } from '#domain/forge/forge.js';
import type { ForgeEvent } from '#domain/forge/forge-event.js';
import { ProblemException } from '#nest/problem.js';
import type { Settings } from '#nest/settings.js';
import { eventReaders } from '#protocol/forge/read-event.js';
import { BUS, SETTINGS } from '../farm/tokens.js';
import { readHeaders, type Headers } from './delivery-headers.js';
import { doubtOf } from './signature.js';

export interface RawDelivery {
  readonly headers: Headers;
  readonly body: Buffer;
}

export interface Taken {
  readonly delivery: string;
  readonly receipt: Receipt;
  readonly told: ForgeEvent;
}

@Injectable()
export class WebhookIntake {
  private readonly logger = new Logger('webhooks');
  private readonly catalog: PostgresForgeCatalog;
  private readonly registry: PostgresForgeRegistry;
  private readonly deliveries: PostgresForgeDeliveries;
  private readonly credentials: Credentials;
  private readonly told = new Set<string>();

  constructor(
    database: Database,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.catalog = new PostgresForgeCatalog(database);
    this.registry = new PostgresForgeRegistry(database);
    this.deliveries = new PostgresForgeDeliveries(database);
    this.credentials = new Credentials(settings.credentialsDirectory);
  }

  forges(): Promise<readonly Forge[]> {
    return this.catalog.forges();
  }

  /** Null: it is from the forge; else why it cannot be believed. */
  async doubt(forge: Forge, { headers, body }: RawDelivery): Promise<string | null> {
    const secrets = await this.secretsOf(forge);
    return doubtOf(forge.kind, { headers, body, secrets, now: Date.now() });
  }

  async noteRefusal(forge: Forge, why: string): Promise<void> {
    await this.registry.noteRefusal(forge.id, why);
  }

  /** Of a delivery that is believed. Throws a ProblemException where it cannot be understood. */
  async take(forge: Forge, { headers, body }: RawDelivery): Promise<Taken> {
    const { event, id } = readHeaders(forge.kind, headers);
    const read = eventReaders[forge.kind](event ?? '', parse(body));
    if (!read.ok) throw malformed(read.error);
    const told = read.value;
    // Postgres holds no such character, and no name of a forge has it.
    if (JSON.stringify(told).includes('\\u0000')) throw malformed('it has a NUL in a name');
    const digest = createHash('sha256').update(body).digest('hex');
    const delivery = id ?? `sha256:${digest}`;
    const known = { forge: forge.id, delivery, digest, event: event ?? told.kind, told };
    const { receipt } = await this.deliveries.receive(known);
    await this.bus.publish('forges', '');
    return { delivery, receipt, told };
  }

  /** One that cannot be read is left out: while secrets are changed, one of two may be missing. */
  private async secretsOf(forge: Forge): Promise<string[]> {
    const read = await Promise.allSettled(forge.secrets.map((name) => this.credentials.read(name)));
    const secrets = read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    for (const one of read) if (one.status === 'rejected') this.tellOnce(sentenceOf(one.reason));
    if (secrets.length > 0) return secrets;
    const message = `no secret of the forge ${forge.name} can be read`;
    throw new FarmFault('misconfigured', message, 'later');
  }

  /** Anybody can have it said, since the secrets are read before the sender is known. */
  private tellOnce(sentence: string): void {
    if (this.told.has(sentence)) return;
    this.told.add(sentence);
    this.logger.warn(sentence);
  }
}

/** JSON as it is, or as the field `payload` of a form, which GitHub and Gitea send when told so. */
function parse(body: Buffer): unknown {
  const text = body.toString('utf8');
  const form = /^\s*[{[]/.test(text) ? null : new URLSearchParams(text).get('payload');
  try {
    return JSON.parse(form ?? text) as unknown;
  } catch {
    throw malformed('it is neither JSON nor a form with a payload of JSON');
  }
}

function malformed(why: string): ProblemException {
  const detail = `This is not what the forge documents: ${why}.`;
  return new ProblemException({ status: 400, kind: 'malformed-delivery', detail });
}
