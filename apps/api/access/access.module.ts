/** Who may do what, and who did it: for the handlers of every module of the api. */
import { Global, Module } from '@nestjs/common';
import { AuditSubjects } from '#adapters/postgres/audit-subjects.js';
import { Database } from '#adapters/postgres/database.js';
import { OneAtATime } from '#adapters/postgres/one-at-a-time.js';
import { Audit } from './audit.js';
import type { Settings } from '#nest/settings.js';
import { SETTINGS } from '../farm/tokens.js';
import { Identities } from './identities.js';
import { KnownPeople } from './people.js';
import { ProxyTrust } from './proxy-trust.js';

/** Of changes that say what they replace, by REST and by the forms of /admin. */
const changesLock = 726_020;

@Global()
@Module({
  providers: [
    Audit,
    Identities,
    KnownPeople,
    {
      provide: ProxyTrust,
      useFactory: ({ admin }: Settings) => new ProxyTrust(admin),
      inject: [SETTINGS],
    },
    {
      provide: AuditSubjects,
      useFactory: (database: Database) => new AuditSubjects(database),
      inject: [Database],
    },
    {
      provide: OneAtATime,
      useFactory: (database: Database) => new OneAtATime(database, changesLock),
      inject: [Database],
    },
  ],
  exports: [Audit, AuditSubjects, Identities, OneAtATime, ProxyTrust],
})
export class AccessModule {}
