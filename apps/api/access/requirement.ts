/** What a handler requires, and of which subject a request to it is. */
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import type { Action } from '#domain/access/actor.js';
import { invariant } from '#std/invariant.js';

export interface Requirement {
  readonly action: Action;
  readonly subject: string;
}

export const REQUIREMENT = Symbol('requirement');

const longestKey = 200;
const reflector = new Reflector();

/** Of the handler, else of its controller. */
export function requirementOf(context: ExecutionContext): Requirement {
  const found = reflector.getAllAndOverride<Requirement | undefined>(REQUIREMENT, [
    context.getHandler(),
    context.getClass(),
  ]);
  invariant(found, 'an access guard stands where nothing is required');
  return found;
}

/** KIND/NAME, or KIND alone where the request does not say of what. */
export function subjectOf(request: FastifyRequest, pattern: string): string {
  const [kind = '', key] = pattern.split('/');
  if (key === undefined) return kind;
  const name = key.slice(1);
  const value = key.startsWith(':') ? parameterOf(request, name) : fieldOf(request.body, name);
  if (typeof value !== 'string' || value === '') return kind;
  return `${kind}/${value.slice(0, longestKey)}`;
}

export function fieldOf(body: unknown, name: string): unknown {
  if (body instanceof URLSearchParams) return body.get(name);
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
  return (body as Record<string, unknown>)[name];
}

function parameterOf({ params }: FastifyRequest, name: string): unknown {
  return (params as Record<string, unknown> | undefined)?.[name];
}
