/** What those who administer a farm have left in it: keepers, tokens, messages, collections. */
import type { Database } from '#adapters/postgres/database.js';

export async function seedAdministration(database: Database): Promise<void> {
  await database.execute(
    `update specifications set managed_by = 'file:farm' where name = 'packages'`,
  );
  await database.execute(
    `insert into access_tokens (name, token_hash, access, role, all_specifications, expires_at)
     values ('the CI of <Ann>', 'x', 'read', 'operator', true, now() + interval '3 days'),
            ('gone', 'y', 'read', 'viewer', true, now() - interval '3 days')`,
  );
  await database.execute(
    `insert into deliveries (specification_id, receiver, lane, state, ended_at, next_try_at,
       attempts, last_answer)
     select id, 'webhook:https://hooks.example/<x>', 'x', 'given-up', now(), now(), 7,
       'it answers 500' from specifications where name = 'demo'`,
  );
  await database.execute(
    `insert into collections (wished_by, dry_run, phase, fault, started_at, finished_at, paths,
       bytes)
     values ('person', true, 'finished', null, now(), now(), 120, 5e9),
            ('clock', false, 'failed', 'no <room> left', now(), now(), 12, 4e6)`,
  );
  await database.execute(
    `insert into forge_deliveries (forge_id, delivery, digest, event, told, state, ended_at, detail)
     select id, 'd-1', 'z', 'push', '{}', 'failed', now(), 'no such <branch>' from forges limit 1`,
  );
}
