/** Who may do what, and who did it: for the handlers of every module of the api. */
import { Global, Module } from '@nestjs/common';
import { AuditSubjects } from '#adapters/postgres/audit-subjects.js';
import { Database } from '#adapters/postgres/database.js';
import { Audit } from './audit.js';
import type { Settings } from '#nest/settings.js';
import { SETTINGS } from '../farm/tokens.js';
import { Identities } from './identities.js';
import { KnownPeople } from './people.js';
import { ProxyTrust } from './proxy-trust.js';

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
  ],
  exports: [Audit, AuditSubjects, Identities, ProxyTrust],
})
export class AccessModule {}
