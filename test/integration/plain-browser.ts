/** A browser without scripts, for specs of pages: it asks, and sends what a form holds. */
import { expect } from '@jest/globals';

export interface Shown {
  readonly status: number;
  readonly location: string;
  readonly text: string;
}

export type Form = Record<string, string> | [string, string][];

/** `token` is what it shows unless told otherwise; no page that it gets may hold foreign markup. */
export class PlainBrowser {
  constructor(
    private readonly address: string,
    private readonly token: string,
  ) {}

  async ask(path: string, form?: Form, as = this.token): Promise<Shown> {
    const answer = await fetch(`${this.address}${path}`, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { authorization: `Bearer ${as}` },
      ...(form && { body: new URLSearchParams(form) }),
    });
    const text = await answer.text();
    const unsafe = foreign.exec(text);
    expect([path, unsafe?.[0]]).toEqual([path, undefined]);
    return { status: answer.status, location: answer.headers.get('location') ?? '', text };
  }
}

const foreign = /<script>|<b>|<it>|s3cret|\sstyle="|\son[a-z]+="|undefined|\[object/;

/** The fields of the first form on a page that posts to this address, as a browser sends them. */
export function fieldsOf(text: string, action: string): [string, string][] {
  const start = text.indexOf(`action="${action}"`);
  expect([action, start > 0]).toEqual([action, true]);
  const form = text.slice(start, text.indexOf('</form>', start));
  const fields: [string, string][] = [];
  const parts = /<(input|textarea|select)\b([^>]*)>(?:\n?([^<]*)<\/textarea>)?/g;
  for (const [whole, kind, attributes = '', inner = ''] of form.matchAll(parts)) {
    const name = /\bname="([^"]*)"/.exec(attributes)?.[1];
    if (name === undefined) continue;
    if (/type="checkbox"/.test(attributes) && !/\bchecked\b/.test(attributes)) continue;
    if (kind === 'textarea') fields.push([name, plain(inner)]);
    else if (kind === 'input') fields.push([name, plain(valueOf(attributes))]);
    else fields.push([name, chosenIn(form, form.indexOf(whole))]);
  }
  return fields;
}

function valueOf(attributes: string): string {
  const value = /\bvalue="([^"]*)"/.exec(attributes)?.[1];
  return value ?? (/type="checkbox"/.test(attributes) ? 'on' : '');
}

function chosenIn(form: string, at: number): string {
  const list = form.slice(at, form.indexOf('</select>', at));
  const options = [...list.matchAll(/<option([^>]*)>/g)].map(([, attributes = '']) => attributes);
  const chosen = options.find((one) => /\bselected\b/.test(one)) ?? options[0] ?? '';
  return plain(/value="([^"]*)"/.exec(chosen)?.[1] ?? '');
}

function plain(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
