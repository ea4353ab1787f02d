/** The forms of forges and of how their requests are built; to be checked by the API's schemas. */
import { said } from './checked.js';

export function forgeRequestOf(values: URLSearchParams): object {
  const told = said(values, 'kind', 'address', 'apiAddress', 'statusCredential');
  return { ...told, secrets: listed(values, 'secrets') };
}

const numbers = ['requestsAtMost', 'maxRunning', 'priority', 'expiryHours'];

export function templateRequestOf(values: URLSearchParams): object {
  const told = said(values, 'repository', 'specification', 'admits', 'label');
  const counted = Object.entries(said(values, ...numbers)).map(([key, value]) => {
    return [key, Number(value)] as const;
  });
  return { ...told, ...Object.fromEntries(counted), allowed: listed(values, 'allowed') };
}

function listed(values: URLSearchParams, name: string): string[] {
  return (values.get(name) ?? '').split(/\s+/).filter((word) => word !== '');
}
