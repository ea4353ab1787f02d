/**
 * `@Requires(action, subject)` stands on every handler that changes the farm, and on what not all
 * may read: it lets through whoever may do it, and records what was changed. There is no other way
 * to guard a handler, so that none is forgotten.
 */
import { applyDecorators, SetMetadata, UseGuards, UseInterceptors } from '@nestjs/common';
import type { Action } from '#domain/access/actor.js';
import { AccessGuard } from './access-guard.js';
import { AuditInterceptor } from './audit-interceptor.js';
import { REQUIREMENT, type Requirement } from './requirement.js';

/**
 * `subject` is KIND, KIND/:PARAMETER of the address or KIND/=FIELD of the body: `worker/:id`,
 * `specification/=name`. Who is bound to specifications may do it where the subject is of one.
 */
export function Requires(action: Action, subject = 'farm'): MethodDecorator & ClassDecorator {
  const requirement: Requirement = { action, subject };
  return applyDecorators(
    SetMetadata(REQUIREMENT, requirement),
    UseGuards(AccessGuard),
    UseInterceptors(AuditInterceptor),
  );
}
