/** What the reader prefers, in this browser only. */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark';
  readonly times: 'relative' | 'absolute';
  readonly zone: 'local' | 'utc';
  readonly keys: 'on' | 'off';
}

const standard: Preferences = { theme: 'system', times: 'relative', zone: 'local', keys: 'on' };

export function preferred<Name extends keyof Preferences>(name: Name): Preferences[Name] {
  return (remembered(name) as Preferences[Name] | null) ?? standard[name];
}

export function prefer(name: keyof Preferences, value: string): void {
  remember(name, value);
}

/** What this browser keeps by the name; null where it keeps nothing. */
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // No storage: it holds for this page only.
  }
}

export function isPreference(name: string): name is keyof Preferences {
  return name in standard;
}
