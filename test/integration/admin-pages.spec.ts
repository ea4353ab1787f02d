/** The pages of /admin over HTTP, as a browser without scripts uses them. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { AdminFarm } from './admin-farm.js';
import { fieldsOf, type Form } from './plain-browser.js';
import { seedFarm, type Seeded } from './seeded-farm.js';

let farm: AdminFarm;
let seeded: Seeded;
beforeAll(async () => {
  farm = await AdminFarm.start();
  seeded = await seedFarm(farm.parts.database, farm.parts.logs);
}, 60_000);
afterAll(() => farm.stop());

const ask: AdminFarm['ask'] = (...asked) => farm.ask(...asked);
const rest: AdminFarm['rest'] = (path) => farm.rest(path);
const posted = (path: string): Promise<number> => farm.posted(path);
const audited: AdminFarm['audited'] = (subject) => farm.audited(subject);
const tokenOf: AdminFarm['tokenOf'] = (...wish) => farm.tokenOf(...wish);
const put: AdminFarm['put'] = (...wish) => farm.put(...wish);

interface Specification {
  readonly version: number;
  readonly specification: Record<string, unknown>;
}

const pages = [
  ...['', '/specifications', '/specifications/add', '/specifications/edit/demo'],
  ...[
    '/specifications/remove/demo',
    '/evaluations',
    '/repositories',
    '/workers',
    '/stores',
    '/stores/nix',
  ],
  ...['/keys', '/garbage', '/forges', '/notifications', '/tokens', '/audit', '/settings'],
].map((path) => `/admin${path}`);

describe('the pages of /admin', () => {
  it.each(pages)('%s is there for the admin and for nobody else', async (path) => {
    const shown = await ask(path);
    expect([shown.status, shown.text]).toEqual([200, expect.stringContaining('<h1>')]);
    expect((await fetch(`${farm.address}${path}`)).status).toBe(401);
  });

  it('say what needs a hand now', async () => {
    const { text } = await ask('/admin');
    expect(text).toContain('The channel main of demo cannot be fetched (unknown-branch, 12');
    expect(text).toContain('The worker two is gone.');
  });
});

describe('a specification by form', () => {
  it('that goes through the form unchanged is unchanged', async () => {
    const before = await rest<Specification>('/specifications/demo');
    const { text } = await ask('/admin/specifications/edit/demo');
    const fields = fieldsOf(text, '/admin/specifications/edit/demo');
    const sent = await ask('/admin/specifications/edit/demo', [...fields, ['do', 'save']]);
    expect([sent.status, sent.location]).toEqual([
      303,
      expect.stringMatching(/done=(unchanged|saved)&of=demo/),
    ]);
    const after = await rest<Specification>('/specifications/demo');
    expect(after.specification).toMatchObject(before.specification);
    const told = await ask(sent.location);
    expect(told.text).toContain('role="status"');
  });

  it('is added, edited field by field, and a fault is told at its field', async () => {
    const { text } = await ask('/admin/specifications/add');
    const form = new Map(fieldsOf(text, '/admin/specifications/add'));
    form.set('name', 'made').set('backend', 'nix').set('selection', 'file').set('do', 'save');
    form.set('channels.0.name', 'main').set('channels.0.url', 'ftp://example.org');
    const refused = await ask('/admin/specifications/add', [...form]);
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('href="#f-channels-0-url"');
    expect(refused.text).toContain('aria-invalid="true"');
    form.set('channels.0.url', 'https://example.org/made.git').set('selection.file', 'ci.nix');
    const longer = await ask(
      '/admin/specifications/add',
      [...form, ['do', 'more']].reverse() as [],
    );
    expect([longer.status, longer.text]).toEqual([200, expect.stringContaining('channels.2.url')]);
    const added = await ask('/admin/specifications/add', [...form]);
    expect([added.status, added.location]).toEqual([
      303,
      '/admin/specifications/edit/made?done=added&of=made',
    ]);
    const { specification } = await rest<Specification>('/specifications/made');
    expect(specification).toMatchObject({
      selection: { file: 'ci.nix' },
      systems: ['x86_64-linux'],
    });
    expect(await audited('specification/made')).toMatchObject([{ action: 'specification.add' }]);
  });

  it('that another changed meanwhile shows what each changed, and loses nothing', async () => {
    const page = (await ask('/admin/specifications/edit/made')).text;
    const fields = new Map(fieldsOf(page, '/admin/specifications/edit/made'));
    const standing = await rest<Specification>('/specifications/made');
    await put('made', { ...standing.specification, share: 250 });
    fields.set('priority', '3').set('do', 'save');
    const refused = await ask('/admin/specifications/edit/made', [...fields]);
    expect(refused.status).toBe(412);
    expect(refused.text).toContain('You changed version 1, and version 2 stands now.');
    expect(refused.text).toMatch(/<th scope="row">share<\/th>.*<code class="break">250<\/code>/s);
    expect(refused.text).toMatch(/<th scope="row">priority<\/th>.*<code class="break">3<\/code>/s);
    expect((await rest<Specification>('/specifications/made')).version).toBe(2);
    const again = fieldsOf(refused.text, '/admin/specifications/edit/made');
    const saved = await ask('/admin/specifications/edit/made', [...again, ['do', 'save']]);
    expect([saved.status, saved.location]).toEqual([303, expect.stringContaining('done=saved')]);
    const { version, specification } = await rest<Specification>('/specifications/made');
    expect([version, specification.priority, specification.share]).toEqual([3, 3, 100]);
  });

  it('comes from a repository that is followed, looked at and left', async () => {
    const form = { name: 'ours', url: 'https://example.org/ours.git', files: 'ci.scm\r\n' };
    expect((await ask('/admin/repositories', { ...form, files: '' })).status).toBe(422);
    expect((await ask('/admin/repositories', form)).location).toContain('done=added&of=ours');
    expect((await ask('/admin/repositories', form)).text).toContain('is followed already');
    const looked = await ask('/admin/repositories/look/ours', {});
    expect(looked.location).toContain('done=looked&of=ours');
    const left = await ask('/admin/repositories/leave/ours', {});
    expect(left.location).toContain('done=removed&of=ours');
    expect((await audited('repository/ours')).length).toBe(3);
  });

  it('that a file keeps is marked and locked', async () => {
    const standing = await rest<Specification>('/specifications/made');
    await put('kept', { ...standing.specification, name: 'kept' }, '?managed-by=file:farm');
    const { text } = await ask('/admin/specifications/edit/kept');
    expect(text).toContain('It is kept by the file farm');
    expect(text).toContain('<fieldset class="plain" disabled>');
    const fields = fieldsOf(text, '/admin/specifications/edit/kept');
    const forced = await ask('/admin/specifications/edit/kept', [...fields, ['priority', '1']]);
    expect([forced.status, forced.text]).toEqual([422, expect.stringContaining('is kept by')]);
  });

  it('is paused, goes on, is evaluated, and is removed once its name is typed', async () => {
    const post = (wish: string, form: Form = {}) => ask(`/admin/specifications/${wish}/made`, form);
    const { version } = await rest<Specification>('/specifications/made');
    expect((await post('pause', { version: String(version) })).location).toContain('done=paused');
    expect((await post('trigger')).status).toBe(409);
    const resumed = await post('resume', { version: String(version + 1) });
    expect(resumed.location).toContain('done=resumed');
    expect((await post('trigger')).location).toContain('done=triggered');
    expect((await post('remove', { typed: 'mad' })).status).toBe(422);
    expect((await ask('/admin/specifications/edit/made')).status).toBe(200);
    expect((await post('remove', { typed: 'made' })).location).toContain('done=removed&of=made');
    expect((await ask('/admin/specifications/edit/made')).status).toBe(404);
    expect((await audited('specification/made')).map(({ action }) => action)).toEqual([
      ...['specification.add', 'specification.edit', 'specification.edit'],
      ...['specification.pause', 'specification.pause', 'evaluation.trigger'],
      'specification.remove',
    ]);
  });
});

describe('evaluations and builds', () => {
  it('are restarted in the engine’s ways, and tell how far that has come', async () => {
    const address = `/admin/evaluations/${seeded.evaluation}`;
    expect((await ask(address)).text).toContain('what the farm failed');
    const restarted = await ask(`${address}/restart`, { failures: 'failed' });
    expect(restarted.location).toContain('done=restarted');
    const told = await ask(restarted.location);
    const intent = /href="(\/admin\/intents\/\d+)"/.exec(told.text)?.[1] ?? '';
    expect((await ask(intent)).text).toContain('Under way');
    expect((await ask(`${address}/restart`, { failures: 'no' })).status).toBe(422);
    expect((await ask(`${address}/retry`, {})).location).toContain('done=retried');
    const written = (await audited(`evaluation/${seeded.evaluation}`)).map(({ action }) => action);
    expect(written).toEqual(['evaluation.restart', 'evaluation.trigger']);
  });

  it('are brought to the front, restarted and canceled', async () => {
    const { builds } = seeded;
    const front = `/admin/builds/${builds.waiting}`;
    expect((await ask(front)).text).toContain('To the front');
    expect((await ask(`${front}/bump`, {})).location).toContain('done=bumped');
    expect((await ask(front)).text).toContain('It has priority 0');
    expect((await ask(`/admin/builds/${builds.ok}/bump`, {})).status).toBe(409);
    expect(await posted(`/builds/${builds.waiting}/bump`)).toBe(202);
    expect(await posted(`/builds/${builds.ok}/bump`)).toBe(409);
    const failed = await ask(`/admin/builds/${builds.failed}/restart`, { mode: 'only' });
    expect(failed.location).toContain('done=restarted');
    const canceled = await ask(`/admin/builds/${builds.noWorker}/cancel`, {});
    expect(canceled.location).toContain('done=canceled');
    expect(await audited(`build/${builds.noWorker}`)).toMatchObject([{ action: 'build.cancel' }]);
  });

  it('an evaluation is canceled after a question', async () => {
    const address = `/admin/evaluations/${seeded.evaluation}/cancel`;
    expect((await ask(address)).text).toContain('Builds that no other live evaluation needs');
    expect((await ask(address, {})).location).toContain('done=canceled');
    expect((await ask(address, {})).status).toBe(409);
  });
});

describe('workers', () => {
  async function workers(): Promise<Map<string, { id: string; state: string; pauseNote: string }>> {
    const { items } = await rest<{ items: { id: string; name: string }[] }>('/workers');
    return new Map(items.map((one) => [one.name, one])) as never;
  }

  it('are paused, drained and resumed many at once, each written down by itself', async () => {
    const ids = [...(await workers()).values()].map(({ id }) => id);
    const chosen = ids.map((id): [string, string] => ['worker', id]);
    const until = new Date(Date.now() + 3_600_000).toISOString().slice(0, 16);
    const form: Form = [...chosen, ['note', 'new disks'], ['until', until]];
    expect((await ask('/admin/workers/pause', form)).location).toContain('done=paused&of=one%2C');
    expect((await workers()).get('one')).toMatchObject({ state: 'paused', pauseNote: 'new disks' });
    expect((await ask('/admin/workers/resume', chosen)).location).toContain('done=resumed');
    expect((await ask('/admin/workers/drain', chosen)).location).toContain('done=draining');
    for (const id of ids) {
      const told = (await audited(`worker/${id}`)).map(({ action }) => action);
      expect(told).toEqual(['worker.pause', 'worker.pause', 'worker.drain']);
    }
  });

  it('a pause that ended before it began, and a wish of nobody, come back as forms', async () => {
    const [first] = [...(await workers()).values()];
    const past = { worker: first!.id, until: '2001-01-01T00:00', note: 'kept <note>' };
    const refused = await ask('/admin/workers/pause', past);
    expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('ended before')]);
    expect(refused.text).toContain('kept &lt;note>');
    expect((await ask('/admin/workers/pause', {})).text).toContain('Choose the workers first');
  });

  it('are removed after a question, and enrolled by a token that is shown once', async () => {
    const two = (await workers()).get('two')!.id;
    const sure = await ask('/admin/workers/confirm-remove', { worker: two });
    expect([sure.status, sure.text]).toEqual([200, expect.stringContaining('Remove two?')]);
    const fields = fieldsOf(sure.text, '/admin/workers/remove');
    expect((await ask('/admin/workers/remove', fields)).location).toContain('done=removed&of=two');
    expect([...(await workers()).keys()]).toEqual(['one']);
    const made = await ask('/admin/workers/enrol', { for: 'the attic', seconds: '3600' });
    const [, shown = ''] = /<code>([A-Za-z0-9_-]{20,})<\/code>/.exec(made.text) ?? [];
    expect([made.status, shown.length > 20]).toEqual([200, true]);
    const enrolled = await fetch(`${farm.address}/api/v1/workers/enrol`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: shown, name: 'attic' }),
    });
    expect(enrolled.status).toBe(201);
    const kept = await farm.parts.database.query(
      'select 1 from audit_entries where after::text like $1 or asked::text like $1',
      [`%${shown}%`],
    );
    expect(kept).toEqual([]);
  });
});

describe('what the farm keeps', () => {
  it('a dry run is asked for, and a collection only after a question', async () => {
    const dry = await ask('/admin/garbage', { dryRun: 'yes', wantedGib: '2' });
    expect(dry.location).toMatch(/^\/admin\/garbage\/\d+\?done=collecting/);
    expect((await ask(dry.location)).text).toContain('Dry run');
    const sure = await ask('/admin/garbage/confirm', { wantedGib: '2' });
    expect(sure.text).toContain('It ends when 2 GiB are let go');
    const fields = fieldsOf(sure.text, '/admin/garbage');
    expect((await ask('/admin/garbage', fields)).location).toContain('done=collecting');
    const rows = await farm.parts.database.query('select dry_run, wanted_bytes from collections');
    expect(rows).toEqual(
      [true, false].map((dryRun) => ({ dry_run: dryRun, wanted_bytes: 2 ** 31 })),
    );
    expect((await ask('/admin/garbage', { wantedGib: 'much' })).status).toBe(422);
  });

  it('stores are changed, and paths are pinned and let go', async () => {
    const { text } = await ask('/admin/stores/nix');
    const fields = new Map(fieldsOf(text, '/admin/stores/nix'));
    fields.set('priority', '35');
    expect((await ask('/admin/stores/nix', [...fields])).location).toContain('done=saved&of=nix');
    expect((await ask('/admin/stores')).status).toBe(200);
    expect((await ask('/admin/pins', { path: 'no path' })).status).toBe(422);
    const release = { name: 'v1', evaluation: String(seeded.evaluation), releaseNote: '' };
    expect((await ask('/admin/releases', release)).location).toContain('done=added');
    expect((await ask('/admin/stores')).text).toContain('>v1<');
  });
});

describe('tokens, forges and messages', () => {
  it('a token is shown once, its hash is kept, and it is revoked after a question', async () => {
    const form = { name: 'CI', may: 'write', specification: 'demo', lifeSeconds: '604800' };
    const made = await ask('/admin/tokens', form);
    const [, shown = ''] = /<code>([^<]{20,})<\/code>/.exec(made.text) ?? [];
    expect([made.status, shown.length > 20]).toEqual([200, true]);
    const list = await ask('/admin/tokens');
    expect(list.text).not.toContain(shown);
    const revoke = /href="(\/admin\/tokens\/\d+\/revoke)"/.exec(list.text)?.[1] ?? '';
    expect((await ask(revoke)).text).toContain('Revoke the token of CI?');
    expect((await ask(revoke, {})).location).toContain('done=revoked');
    const acts = { name: 'Ann', may: 'role:maintainer', specification: 'demo', lifeSeconds: '' };
    expect((await ask('/admin/tokens', acts)).status).toBe(200);
    expect((await ask('/admin/tokens')).text).toContain('act as maintainer of demo');
    const empty = await ask('/admin/tokens', { name: '', may: 'write' });
    expect([empty.status, empty.text]).toEqual([422, expect.stringContaining('is needed')]);
  });

  it('a forge is added, tried and removed, and what it told is taken once more', async () => {
    const form = { name: 'berg', kind: 'forgejo', address: 'https://forge.example', secrets: 'a' };
    expect((await ask('/admin/forges', form)).location).toContain('/admin/forges/berg?done=saved');
    const tried = await ask('/admin/forges/berg/try', {});
    expect([tried.status, tried.text]).toEqual([
      200,
      expect.stringContaining('secret a: not good'),
    ]);
    await farm.parts.database.execute(
      `insert into forge_deliveries (forge_id, delivery, digest, event, told, state, ended_at)
       select id, 'd1', 'x', 'push', '{}', 'failed', now() from forges where name = 'berg'`,
    );
    const again = /action="(\/admin\/forge-deliveries\/\d+\/again)"/;
    const to = again.exec((await ask('/admin/forges')).text)?.[1] ?? '';
    expect((await ask(to, {})).location).toContain('done=redelivered');
    expect((await ask(to, {})).status).toBe(404);
    const delivery = /\d+/.exec(to)?.[0] ?? '';
    await farm.parts.database.execute(
      `update forge_deliveries set state = 'failed', ended_at = now()`,
    );
    expect(await posted(`/forge-deliveries/${delivery}/redeliver`)).toBe(204);
    const told = { action: 'forge.manage', subject: `forge-delivery/${delivery}` };
    expect(await audited(`forge-delivery/${delivery}`)).toEqual([told, told]);
    expect((await ask('/admin')).text).not.toContain('could not be taken');
    expect((await ask('/admin/forges/berg/remove', { typed: 'berg' })).status).toBe(303);
  });

  it('a message is filtered, shown with its tries, and sent again', async () => {
    const [row] = await farm.parts.database.query<{ id: number }>(
      `insert into deliveries (specification_id, receiver, lane, state, ended_at, next_try_at)
       select id, 'webhook:https://x.example', 'x', 'given-up', now(), now() from specifications
        where name = 'demo' returning id`,
    );
    expect((await ask('/admin')).text).toContain('1 message given up lately');
    const list = await ask('/admin/notifications?specification=&state=given-up');
    expect(list.text).toContain('webhook:https://x.example');
    const address = `/admin/notifications/${row!.id}`;
    expect((await ask(address)).status).toBe(200);
    expect((await ask(`${address}/resend`, {})).location).toContain('done=resent');
    expect((await ask('/admin/notifications/test', { of: 'demo' })).status).toBe(422);
  });
});

describe('who is not allowed', () => {
  it('sees no more than the role lets, is offered nothing, and changes nothing', async () => {
    const viewer = await tokenOf('viewer');
    const { text } = await ask('/admin/specifications', undefined, viewer);
    expect(text).not.toContain('method="post"');
    expect(text).not.toContain('>Edit<');
    const said = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    expect((await ask('/admin/tokens', undefined, viewer)).status).toBe(403);
    const told = '"somebody" (viewer, by token) was refused token.manage of "farm"';
    expect(said).toHaveBeenCalledWith(told);
    said.mockRestore();
    const before = (await rest<Specification>('/specifications/demo')).version;
    const pause = await ask('/admin/specifications/pause/demo', { version: '1' }, viewer);
    expect([pause.status, pause.text]).toEqual([403, expect.stringContaining('wants the role')]);
    expect((await rest<Specification>('/specifications/demo')).version).toBe(before);
  });

  it('is a maintainer of another specification', async () => {
    const maintainer = await tokenOf('maintainer', 'kept');
    const { text } = await ask('/admin/specifications', undefined, maintainer);
    expect(text).toContain('/admin/specifications/trigger/kept');
    expect(text).not.toContain('/admin/specifications/trigger/demo');
    const to = '/admin/specifications/trigger';
    expect((await ask(`${to}/demo`, {}, maintainer)).status).toBe(403);
    expect((await ask(`${to}/kept`, {}, maintainer)).status).toBe(303);
  });

  it('and no change is made by a GET, or told by a link', async () => {
    for (const path of ['/admin/specifications/pause/demo', '/admin/workers/pause']) {
      expect([path, (await ask(path)).status >= 404]).toEqual([path, true]);
    }
    const forged = '/admin/workers?done=removed&of=%3Cb%3Eall%3C/b%3E';
    expect((await ask(forged)).text).not.toContain('is removed');
  });
});
