import { beforeEach, describe, expect, it } from '@jest/globals';
import { FarmFault } from '#std/farm-fault.js';
import { err, ok } from '#std/result.js';
import type { Forge } from '#domain/forge/forge.js';
import type { ForgeEvent, RequestEvent } from '#domain/forge/forge-event.js';
import type { RequestTemplate } from '#domain/forge/request-template.js';
import { id, type ForgeDeliveryId, type ForgeId, type SpecificationId } from '#domain/ids.js';
import type { Specification } from '#domain/specification/specification.js';
import type { DeliveryEnd, WaitingDelivery } from './ports/forge-deliveries.js';
import type { KnownRequest, RequestNote } from './ports/forge-requests.js';
import type { PollCall } from './ports/poll-timers.js';
import type { SpecificationStore, StoredSpecification } from './ports/specification-store.js';
import { takeDeliveries, type TakeDeliveriesParts } from './take-deliveries.js';
import { expireRequests } from './take-request.js';

const forge: Forge = {
  ...{ id: id<ForgeId>(1), name: 'forge', kind: 'gitea', address: 'https://forge.example' },
  ...{ apiAddress: 'https://forge.example/api/v1', secrets: ['hook'], statusCredential: null },
};
const model: Specification = {
  ...{ name: 'packages', backend: 'local', selection: { file: 'farm.json' }, priority: 9 },
  ...{ systems: ['x86_64-linux'], period: 60, share: 100, limits: {}, active: true },
  channels: [{ name: 'own', url: 'https://forge.example/a/b', branch: 'main' }],
};
const template: RequestTemplate = {
  ...{ id: 1, forge: forge.id, repository: 'a/b', specification: 'packages', admits: 'everyone' },
  ...{ label: null, allowed: [], requestsAtMost: 2, priority: 9, maxRunning: 4, expiryHours: 24 },
};
const repository = { name: 'a/b', addresses: ['https://forge.example/a/b.git'] };
const push: ForgeEvent = { kind: 'push', repository, branch: 'main', revision: '1'.repeat(40) };
const request: RequestEvent = {
  ...{ kind: 'request', repository, number: 7, happened: 'opened', base: 'main', author: 'bob' },
  ...{ collaborator: false, labels: [], updatedAt: '2026-11-20T11:00:00Z' },
  head: {
    ...{ address: 'https://forge.example/bob/b.git', sameRepository: false },
    ...{ branch: 'fix', revision: '2'.repeat(40) },
  },
};

/** Specifications, requests and deliveries in memory, and a fault before a named step. */
class Desk {
  readonly ended: (readonly [number, DeliveryEnd])[] = [];
  readonly postponed: (readonly [number, string, number | null])[] = [];
  readonly calls: PollCall[] = [];
  readonly live = new Map<string, StoredSpecification>();
  readonly requests = new Map<string, KnownRequest>();
  waiting: WaitingDelivery[] = [];
  fault: { readonly before: string; readonly thrown: Error } | null = null;

  constructor() {
    this.live.set('packages', this.stored(model, 1, 1));
  }

  told(...events: ForgeEvent[]): void {
    const before = this.waiting.length;
    this.waiting.push(
      ...events.map((told, index) => ({
        ...{ id: id<ForgeDeliveryId>(before + index + 1), forge, told, tries: 0 },
      })),
    );
  }

  get parts(): TakeDeliveriesParts {
    return {
      deliveries: {
        due: async () => {
          this.step('due');
          return this.waiting;
        },
        end: async (delivery, end) => {
          this.ended.push([delivery, end]);
          this.waiting = this.waiting.filter((one) => one.id !== delivery);
        },
        postpone: async (...postponed) => void this.postponed.push(postponed),
        prune: async () => 0,
      },
      requests: {
        templates: async () => [template],
        find: async ({ number }) => this.requests.get(String(number)) ?? null,
        countOpen: async () => 0,
        note: async (note: RequestNote) => {
          this.step(note.specification === null ? 'claim' : 'note');
          const updatedAt = new Date(note.updatedAt);
          this.requests.set(String(note.number), { ...note, updatedAt });
        },
        overdue: async () =>
          [...this.requests].map(([number, known]) => ({
            ...{ ...known, template: 1, number: Number(number) },
          })),
        end: async ({ number }, state) => {
          this.requests.set(String(number), { ...this.requests.get(String(number))!, state });
        },
      },
      specifications: this.specifications(),
      stores: { ensureUntrusted: async () => this.step('store') },
      repositories: { list: async () => [], hurry: async () => true },
      timers: {
        trigger: async (call) => {
          this.step('trigger');
          this.calls.push(call);
        },
      },
      bus: { publish: async () => undefined },
    };
  }

  private step(name: string): void {
    if (this.fault?.before !== name) return;
    const { thrown } = this.fault;
    this.fault = null;
    throw thrown;
  }

  private specifications(): SpecificationStore {
    return {
      list: async () => [...this.live.values()],
      find: async (name) => this.live.get(name) ?? null,
      save: async (specification, expected) => {
        const standing = this.live.get(specification.name);
        const version = standing?.version ?? 0;
        if (expected !== version) return err({ kind: 'conflict', version });
        const same = JSON.stringify(standing?.specification) === JSON.stringify(specification);
        if (standing && same) return ok(standing);
        const saved = this.stored(specification, standing?.id ?? this.live.size + 1, version + 1);
        this.live.set(specification.name, saved);
        return ok(saved);
      },
      archive: async (name) => this.live.delete(name),
    };
  }

  private stored(specification: Specification, number: number, version: number) {
    const now = new Date(0);
    return {
      ...{ id: id<SpecificationId>(number), name: specification.name, version, specification },
      ...{ managedBy: null, createdAt: now, updatedAt: now },
    };
  }
}

let desk: Desk;
const take = (goOn = () => true) => takeDeliveries(desk.parts, goOn);

beforeEach(() => {
  desk = new Desk();
});

describe('what forges told', () => {
  it('is done in order, and one that cannot be done holds up no other', async () => {
    desk.told(push, { kind: 'ping' }, push);
    desk.fault = { before: 'trigger', thrown: new FarmFault('redis-unavailable', 'is away') };
    expect(await take()).toEqual(['delivery 1 of forge forge: is away; tried again in 2 s']);
    expect(desk.ended.map(([delivery, { outcome }]) => [delivery, outcome])).toEqual([
      [2, 'answered'],
      [3, 'triggered'],
    ]);
    expect(desk.postponed).toEqual([[1, 'is away', 2]]);
  });

  it('is given up after some hours of trying', async () => {
    desk.told(push);
    desk.waiting = desk.waiting.map((one) => ({ ...one, tries: 6 }));
    desk.fault = { before: 'trigger', thrown: new Error('is away') };
    expect(await take()).toEqual(['delivery 1 of forge forge: is away; it is given up']);
    expect(desk.postponed).toEqual([[1, 'is away', null]]);
  });

  it('waits, and is not blamed, while the database is away', async () => {
    desk.told(push);
    const thrown = new FarmFault('database-unavailable', 'Postgres does not answer', 'now');
    desk.fault = { before: 'trigger', thrown };
    await expect(take()).rejects.toBe(thrown);
    expect([desk.ended, desk.postponed]).toEqual([[], []]);
  });

  it('waits for the next leader when this one leads no more', async () => {
    desk.told(push);
    expect(await take(() => false)).toEqual([]);
    expect(desk.waiting).toHaveLength(1);
  });
});

describe('the specification of a request', () => {
  it.each(['claim', 'store', 'trigger', 'note'])(
    'is made once, though the process died before "%s"',
    async (before) => {
      desk.told(request);
      desk.fault = { before, thrown: new FarmFault('database-unavailable', 'gone') };
      await expect(take()).rejects.toThrow('gone');
      await take();
      expect([...desk.live.keys()]).toEqual(['packages', 'packages-pr-7']);
      const known = { state: 'open', specification: 2, revision: '2'.repeat(40) };
      expect(desk.requests.get('7')).toMatchObject(known);
      expect(desk.calls.at(-1)).toEqual({ specification: 2, trigger: 'edit' });
      expect(desk.ended).toHaveLength(1);
    },
  );

  it('looks at its channels again only for another commit', async () => {
    desk.told(request);
    await take();
    desk.told({ ...request, happened: 'changed', labels: ['x'] });
    desk.calls.length = 0;
    await take();
    expect(desk.calls).toEqual([]);
    expect(desk.ended.at(-1)?.[1].outcome).toBe('updated');
  });

  it('that somebody else made of that name stays when the request expires', async () => {
    desk.told(request);
    await take();
    const theirs = { ...desk.live.get('packages-pr-7')!, id: id<SpecificationId>(99) };
    desk.live.set('packages-pr-7', theirs);
    await expireRequests(desk.parts, () => true);
    expect(desk.live.get('packages-pr-7')).toBe(theirs);
    expect(desk.requests.get('7')?.state).toBe('expired');
  });
});
