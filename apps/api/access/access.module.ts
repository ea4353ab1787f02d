/** Who may do what, and who did it: for the handlers of every module of the api. */
import { Global, Module } from '@nestjs/common';
import { AuditSubjects } from '#adapters/postgres/audit-subjects.js';
import { Database } from '#adapters/postgres/database.js';
import { Audit } from './audit.js';
import { Identities } from './identities.js';

@Global()
@Module({
  providers: [
    Audit,
    Identities,
    {
      provide: AuditSubjects,
      useFactory: (database: Database) => new AuditSubjects(database),
      inject: [Database],
    },
  ],
  exports: [Audit, AuditSubjects, Identities],
})
export class AccessModule {}
