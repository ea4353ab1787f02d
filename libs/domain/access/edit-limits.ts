/**
 * What an edit may not do by somebody who is bound to specifications: lend himself what the farm
 * holds for others. A credential shows itself to whatever address it stands beside, and what is
 * trusted becomes an input of all the rest.
 */
import type { Specification } from '../specification/specification.js';
import type { Actor } from './actor.js';

export interface EditFault {
  /** A JSON pointer into the specification. */
  readonly pointer: string;
  readonly detail: string;
}

/** Addresses that anybody could have fetched: no key and no file of the farm's is needed. */
const anybodys = /^(https?|git):/i;
const whose = 'whoever may edit all specifications sets it';

/** `standing` is null where there is none; addresses are whole, with their passwords. */
export function faultsOfEdit(
  { specifications }: Pick<Actor, 'specifications'>,
  standing: Specification | null,
  wanted: Specification,
): EditFault[] {
  if (specifications === 'all') return [];
  return [
    ...channelFaults(standing, wanted),
    ...receiverFaults(standing, wanted),
    ...(standing?.trust === 'untrusted' && wanted.trust !== 'untrusted'
      ? [{ pointer: '/trust', detail: `stays untrusted: ${whose}` }]
      : []),
  ];
}

function channelFaults(standing: Specification | null, { channels }: Specification): EditFault[] {
  const known = standing?.channels ?? [];
  return channels.flatMap(({ url, credential }, index) => {
    const at = `/channels/${index}`;
    const same = known.filter((one) => one.url === url);
    if (credential !== undefined && !same.some((one) => one.credential === credential)) {
      return [{ pointer: `${at}/credential`, detail: `is new beside this address: ${whose}` }];
    }
    if (anybodys.test(url) || same.length > 0) return [];
    return [{ pointer: `${at}/url`, detail: `is none that anybody could have fetched: ${whose}` }];
  });
}

function receiverFaults(
  standing: Specification | null,
  { notifications = [] }: Specification,
): EditFault[] {
  const known = (standing?.notifications ?? []).filter((one) => one.type === 'webhook');
  return notifications.flatMap((one, index) => {
    if (one.type !== 'webhook' || one.secret === undefined) return [];
    if (known.some(({ url, secret }) => url === one.url && secret === one.secret)) return [];
    const detail = `is new beside this address: ${whose}`;
    return [{ pointer: `/notifications/${index}/secret`, detail }];
  });
}
