/**
 * How a repository's pull requests are built: by a specification that stands model for them, and
 * for whom. What strangers write runs on the farm's workers, so that who may is always said.
 */
import type { ForgeId } from '../ids.js';
import type { RequestEvent } from './forge-event.js';

export const admissions = ['collaborators', 'everyone', 'label'] as const;
export type Admission = (typeof admissions)[number];

export interface RequestTemplate {
  readonly id: number;
  readonly forge: ForgeId;
  /** OWNER/NAME in small letters. */
  readonly repository: string;
  /** The name of the specification that stands model. */
  readonly specification: string;
  readonly admits: Admission;
  /** Of `label`: the one that lets a request in. */
  readonly label: string | null;
  /** Accounts in small letters that are welcome whatever `admits` says. */
  readonly allowed: readonly string[];
  /** How many open requests may have a specification at once. */
  readonly requestsAtMost: number;
  readonly priority: number;
  readonly maxRunning: number;
  /** Since the last new commit. */
  readonly expiryHours: number;
}

/** What a request may name at most, so that the name of its specification fits. */
export const modelNameAtMost = 63 - '-pr-'.length - 10;

export function requestName(template: Pick<RequestTemplate, 'specification'>, number: number) {
  return `${template.specification}-pr-${number}`;
}

/** Null: it is welcome; else why it is not, as the end of a sentence about the request. */
export function unwelcome(
  template: Pick<RequestTemplate, 'admits' | 'label' | 'allowed'>,
  event: Pick<RequestEvent, 'author' | 'collaborator' | 'labels'>,
): string | null {
  if (template.allowed.includes(event.author)) return null;
  switch (template.admits) {
    case 'everyone':
      return null;
    case 'collaborators':
      return event.collaborator ? null : `is by ${event.author}, who is no collaborator`;
    case 'label':
      return event.labels.includes(template.label ?? '')
        ? null
        : `does not have the label ${template.label}`;
  }
}
