/** What is asked and changed of forges, and how one is tried. */
import { Inject, Injectable } from '@nestjs/common';
import { sentenceOf } from '#std/farm-fault.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresForgeCatalog } from '#adapters/postgres/forge-catalog.js';
import { PostgresForgeDeliveries } from '#adapters/postgres/forge-deliveries.js';
import { ForgeQueries } from '#adapters/postgres/forge-queries.js';
import { PostgresForgeRegistry } from '#adapters/postgres/forge-registry.js';
import { Credentials } from '#adapters/system/credentials.js';
import type { Bus } from '#application/ports/bus.js';
import { usualApiAddress, type Forge } from '#domain/forge/forge.js';
import { id, type ForgeDeliveryId } from '#domain/ids.js';
import { notFound, ProblemException } from '#nest/problem.js';
import type { Settings } from '#nest/settings.js';
import type {
  ForgeAnswer,
  ForgeRequest,
  ForgeTrial,
  TemplateAnswer,
  TemplateRequest,
} from '#protocol/api/forge.js';
import { BUS, SETTINGS } from '../farm/tokens.js';

type Step = ForgeTrial['steps'][number];

const patienceMilliseconds = 10_000;

@Injectable()
export class Forges {
  readonly queries: ForgeQueries;
  private readonly catalog: PostgresForgeCatalog;
  private readonly registry: PostgresForgeRegistry;
  private readonly deliveries: PostgresForgeDeliveries;
  private readonly credentials: Credentials;

  constructor(
    database: Database,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.queries = new ForgeQueries(database);
    this.catalog = new PostgresForgeCatalog(database);
    this.registry = new PostgresForgeRegistry(database);
    this.deliveries = new PostgresForgeDeliveries(database);
    this.credentials = new Credentials(settings.credentialsDirectory);
  }

  async answer(name: string): Promise<ForgeAnswer> {
    const found = (await this.queries.forges()).find((one) => one.name === name);
    if (!found) throw notFound(`forge ${name}`);
    return found;
  }

  async put(name: string, request: ForgeRequest): Promise<void> {
    const { kind, secrets, statusCredential } = request;
    const address = request.address ?? (kind === 'github' ? 'https://github.com' : null);
    if (address === null) {
      const detail = `Say where the repositories of ${name} lie.`;
      const errors = [{ pointer: '/address', detail: 'such as https://codeberg.org' }];
      throw new ProblemException({ status: 422, kind: 'invalid-body', detail, errors });
    }
    const apiAddress = request.apiAddress ?? usualApiAddress(kind, address);
    await this.registry.put({ name, kind, address, apiAddress, secrets, statusCredential });
  }

  async remove(name: string): Promise<void> {
    if (!(await this.registry.remove(name))) throw notFound(`forge ${name}`);
    await this.bus.publish('forges', '');
  }

  async templates(name: string): Promise<TemplateAnswer[]> {
    return this.queries.templates((await this.find(name)).id);
  }

  async putTemplate(name: string, request: TemplateRequest): Promise<TemplateAnswer> {
    const { id: forge } = await this.find(name);
    const label = request.label ?? null;
    const id = await this.registry.putTemplate({ ...request, label, forge });
    return (await this.queries.templates(forge)).find((one) => one.id === String(id))!;
  }

  async removeTemplate(name: string, template: string): Promise<void> {
    const { id: forge } = await this.find(name);
    if (!(await this.registry.removeTemplate(forge, Number(template)))) {
      throw notFound(`template ${template} of the forge ${name}`);
    }
    await this.bus.publish('forges', '');
  }

  /** Looks whether its secrets are there, and whether its API takes the token; writes nothing. */
  async try(name: string): Promise<ForgeTrial> {
    const forge = await this.find(name);
    const steps: Step[] = [];
    for (const secret of forge.secrets) steps.push(await this.secretStep(secret));
    if (forge.statusCredential !== null) {
      steps.push(await this.apiStep(forge, forge.statusCredential));
    }
    return { ok: steps.every(({ ok }) => ok), steps };
  }

  /** What a forge told is taken once more, as if it had just come. */
  async takeAgain(delivery: string): Promise<void> {
    if (!(await this.deliveries.again(id<ForgeDeliveryId>(delivery)))) {
      throw notFound(`ended delivery ${delivery}`);
    }
    await this.bus.publish('forges', '');
  }

  private async find(name: string): Promise<Forge> {
    const forge = (await this.catalog.forges()).find((one) => one.name === name);
    if (!forge) throw notFound(`forge ${name}`);
    return forge;
  }

  private async secretStep(secret: string): Promise<Step> {
    const name = `secret ${secret}`;
    const fault = await this.credentials.read(secret).then(() => null, sentenceOf);
    return { name, ok: fault === null, detail: fault ?? 'can be read' };
  }

  private async apiStep({ kind, apiAddress }: Forge, credential: string): Promise<Step> {
    const name = `token ${credential} at ${apiAddress}`;
    try {
      const token = await this.credentials.read(credential);
      const scheme = kind === 'gitea' || kind === 'forgejo' ? 'token' : 'Bearer';
      const { status } = await fetch(`${apiAddress}/user`, {
        headers: { authorization: `${scheme} ${token}`, 'user-agent': 'gambeson' },
        redirect: 'error',
        signal: AbortSignal.timeout(patienceMilliseconds),
      });
      return { name, ok: status === 200, detail: `the forge answers ${status}` };
    } catch (error) {
      return { name, ok: false, detail: sentenceOf(error) };
    }
  }
}
