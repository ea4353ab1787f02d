/**
 * Settings as people may see them: addresses lose their users and passwords, and what lies in a
 * file is told by the file's name alone.
 */
import type { ShownSetting } from '#views/admin/settings.js';

const secretName = /token$|secret$|password/i;

/** Field by field, in the order of their names. Takes any object, so that none is forgotten. */
export function shownSettings(settings: object, prefix = ''): ShownSetting[] {
  return Object.entries(settings)
    .flatMap(([key, value]: [string, unknown]): ShownSetting[] => {
      const name = `${prefix}${key}`;
      if (isGroup(value)) return shownSettings(value, `${name}.`);
      return [{ name, value: secretName.test(key) ? '***' : shown(value) }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  if (Array.isArray(value)) return value.map(shown).join(', ') || '–';
  return withoutUser(String(value));
}

/** `postgres://user:secret@host/name?password=…` tells no more than where it is. */
function withoutUser(text: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  return text.replace(/\/\/[^/]*@/, '//***@').replace(/\?.*$/s, '?***');
}
