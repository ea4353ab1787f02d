/**
 * Who takes none of the types that an address of the API answers in is told so before anything is
 * done: 406. What is refused is a problem all the same, whatever was asked for.
 */
import {
  HttpStatus,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { takesType } from '#nest/accepted.js';
import { ProblemException, type Refusal } from '#nest/problem.js';

/** Where `@ApiProduces` and `@HttpCode` leave what they are told. */
const producesKey = 'swagger/apiProduces';
const statusKey = '__httpCode__';
const json = ['application/json'];

export class FittingTypes implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (!request.url.startsWith('/api/v1/')) return next.handle();
    const refusal = refusalOfTypes(request, this.typesOf(context));
    if (refusal) throw new ProblemException(refusal);
    return next.handle();
  }

  /** Empty where the answer has no body. */
  private typesOf(context: ExecutionContext): readonly string[] {
    const handler = context.getHandler();
    const places = [handler, context.getClass()];
    if (this.reflector.get<number>(statusKey, handler) === HttpStatus.NO_CONTENT) return [];
    return this.reflector.getAllAndOverride<string[] | undefined>(producesKey, places) ?? json;
  }
}

/** Null: one of them fits. */
export function refusalOfTypes(
  { headers }: Pick<FastifyRequest, 'headers'>,
  types: readonly string[],
): Refusal | null {
  if (types.length === 0 || takesType(headers.accept, types)) return null;
  const detail = `This address answers in ${types.join(' or ')} alone.`;
  return { status: 406, kind: 'not-acceptable', detail };
}
