/** An api and a coordinator that hear the recorded forges; the polls that follow are counted. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BullPollTimers } from '#adapters/redis/poll-timers.js';
import type { PollCall } from '#application/ports/poll-timers.js';
import { forgeKinds, type ForgeKind } from '#domain/forge/forge.js';
import type { ForgeDeliveryAnswer } from '#protocol/api/forge.js';
import { answered } from '#testkit/eventually.js';
import {
  recordedDelivery,
  recordedSecrets,
  type RecordedDelivery,
} from '#testkit/recorded-deliveries.js';
import { Coordinator } from '../../apps/coordinator/coordinator.js';
import { openCoordinator } from '../../apps/coordinator/coordinator-parts.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly items: Record<string, unknown>[] };
}

/** Where each forge lies, and how a channel follows its repository. */
const homes: Readonly<Record<ForgeKind, readonly [address: string, channel: string]>> = {
  github: ['https://github.com', 'https://github.com/example/channel'],
  gitlab: ['https://gitlab.example.org', 'ssh://git@gitlab.example.org/group/sub/channel.git'],
  gitea: ['https://gitea.example.org', 'ssh://git@GITEA.example.org:2222/Example/Channel'],
  forgejo: ['https://codeberg.example.org', 'https://codeberg.example.org/example/channel.git'],
};

export class WebhookFarm {
  readonly calls: PollCall[] = [];
  private coordinator: Coordinator | null = null;

  private constructor(
    readonly api: ApiFarm,
    private readonly timers: BullPollTimers,
  ) {}

  /** Every forge is known, and followed by a specification `KIND-main`. */
  static async start(): Promise<WebhookFarm> {
    const api = await startApiFarm({ GAMBESON_TICK_SECONDS: '0.5' });
    const farm = new WebhookFarm(api, new BullPollTimers(api.parts.queue));
    await farm.timers.consume(async (call) => void farm.calls.push(call), 1);
    await farm.startCoordinator();
    for (const kind of forgeKinds) {
      await farm.keepSecret(`${kind}-hook`, recordedSecrets[kind]);
      const forge = { kind, address: homes[kind][0], secrets: ['not-there-yet', `${kind}-hook`] };
      await farm.put(`/api/v1/forges/${kind}`, forge);
      await farm.specify(`${kind}-main`, homes[kind][1]);
    }
    return farm;
  }

  async stop(): Promise<void> {
    await this.stopCoordinator();
    await this.timers.close();
    await this.api.stop();
  }

  async startCoordinator(): Promise<void> {
    this.coordinator = new Coordinator(openCoordinator(this.api.parts.settings));
    await this.coordinator.onApplicationBootstrap();
  }

  async stopCoordinator(): Promise<void> {
    await this.coordinator?.beforeApplicationShutdown();
    await this.coordinator?.onApplicationShutdown();
    this.coordinator = null;
  }

  async keepSecret(name: string, text: string): Promise<void> {
    const directory = this.api.parts.settings.credentialsDirectory;
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, name), text, { mode: 0o600 });
  }

  async ask(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.api.address}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.api.parts.adminToken}`,
        ...(method === 'PUT' && { 'if-match': '*' }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
  }

  async put(path: string, body: object): Promise<void> {
    const { status, body: told } = await this.ask('PUT', path, body);
    if (status !== 200) throw new Error(`PUT ${path}: ${status} ${JSON.stringify(told)}`);
  }

  specify(name: string, url: string, more: object = {}): Promise<void> {
    return this.put(`/api/v1/specifications/${name}`, {
      ...{ name, backend: 'local', selection: { file: 'farm.json' }, period: 86_400 },
      channels: [{ name: 'packages', url, branch: 'main' }],
      ...more,
    });
  }

  async tell(path: string, { headers, body }: RecordedDelivery): Promise<Answer> {
    const { host: _, 'content-length': __, ...sent } = headers;
    const to = `${this.api.address}${path}`;
    const bytes = new Uint8Array(body);
    const response = await fetch(to, { method: 'POST', headers: sent, body: bytes });
    return { status: response.status, body: JSON.parse(await response.text()) };
  }

  /** What became of a recorded delivery that is heard for the first time. */
  async tellRecorded(kind: ForgeKind, name: string): Promise<ForgeDeliveryAnswer> {
    const { status, body } = await this.tell(
      `/webhooks/${kind}`,
      await recordedDelivery(kind, name),
    );
    if (status !== 202 || body['receipt'] !== 'accepted') {
      throw new Error(`${kind} ${name}: ${status} ${JSON.stringify(body)}`);
    }
    return this.done(kind, body['delivery']);
  }

  async deliveries(forge: string): Promise<ForgeDeliveryAnswer[]> {
    const { body } = await this.ask('GET', `/api/v1/forge-deliveries?forge=${forge}`);
    return body.items as unknown as ForgeDeliveryAnswer[];
  }

  /** The delivery once the coordinator has done it. */
  done(forge: string, delivery: unknown): Promise<ForgeDeliveryAnswer> {
    return answered(`delivery ${String(delivery)} of ${forge}`, async () => {
      const found = (await this.deliveries(forge)).find((one) => one.delivery === delivery);
      return found && found.state !== 'waiting' ? found : null;
    });
  }
}
