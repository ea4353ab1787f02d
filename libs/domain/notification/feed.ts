/**
 * Feeds of what broke and what was mended, as RSS 2.0 (the specification of the RSS Advisory Board)
 * and as Atom (RFC 4287). Every address in them is absolute. Readers know an entry by its `id`, so
 * that must never change for the same event.
 */
import { xmlElement, xmlText } from './xml.js';

export interface Feed {
  readonly title: string;
  readonly description: string;
  /** Where this very feed is read. */
  readonly selfUrl: string;
  /** The page of which it tells. */
  readonly siteUrl: string;
  /** When nothing has happened yet, since Atom wants a time of every feed. */
  readonly emptySince: Date;
}

export interface FeedEntry {
  readonly title: string;
  readonly url: string;
  readonly at: Date;
  /** An address (it need not answer) that is the event's own; absent: `url`. */
  readonly id?: string | undefined;
  readonly summary?: string | undefined;
}

export const rssType = 'application/rss+xml; charset=utf-8';
export const atomType = 'application/atom+xml; charset=utf-8';

const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
const generator = 'Gambeson';

/** Entries in the order in which they shall be shown: the newest first. */
export function printRss(feed: Feed, entries: readonly FeedEntry[]): string {
  const self = `<atom:link href="${xmlText(feed.selfUrl)}" rel="self" type="application/rss+xml"/>`;
  return lines([
    declaration,
    '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">',
    '<channel>',
    xmlElement('title', feed.title),
    xmlElement('link', feed.siteUrl),
    xmlElement('description', feed.description),
    self,
    xmlElement('generator', generator),
    xmlElement('lastBuildDate', mailDate(lastChange(feed, entries))),
    ...entries.flatMap(rssItem),
    '</channel>',
    '</rss>',
  ]);
}

/** Entries in the order in which they shall be shown: the newest first. */
export function printAtom(feed: Feed, entries: readonly FeedEntry[]): string {
  return lines([
    declaration,
    '<feed xmlns="http://www.w3.org/2005/Atom">',
    xmlElement('id', feed.selfUrl),
    xmlElement('title', feed.title),
    xmlElement('subtitle', feed.description),
    `<link rel="self" type="application/atom+xml" href="${xmlText(feed.selfUrl)}"/>`,
    `<link rel="alternate" type="text/html" href="${xmlText(feed.siteUrl)}"/>`,
    `<author>${xmlElement('name', generator)}</author>`,
    xmlElement('generator', generator),
    xmlElement('updated', lastChange(feed, entries).toISOString()),
    ...entries.flatMap(atomEntry),
    '</feed>',
  ]);
}

function rssItem({ title, url, at, id, summary }: FeedEntry): string[] {
  const permanent = id === undefined || id === url;
  return [
    '<item>',
    xmlElement('title', title),
    xmlElement('link', url),
    `<guid isPermaLink="${permanent}">${xmlText(id ?? url)}</guid>`,
    xmlElement('pubDate', mailDate(at)),
    ...(summary === undefined ? [] : [xmlElement('description', summary)]),
    '</item>',
  ];
}

function atomEntry({ title, url, at, id, summary }: FeedEntry): string[] {
  return [
    '<entry>',
    xmlElement('id', id ?? url),
    xmlElement('title', title),
    `<link rel="alternate" type="text/html" href="${xmlText(url)}"/>`,
    xmlElement('updated', at.toISOString()),
    // Without a summary Atom asks for an alternate link, which there always is.
    ...(summary === undefined ? [] : [xmlElement('summary', summary)]),
    '</entry>',
  ];
}

function lastChange({ emptySince }: Feed, entries: readonly FeedEntry[]): Date {
  const times = entries.map(({ at }) => at.getTime());
  return times.length === 0 ? emptySince : new Date(Math.max(...times));
}

/** RFC 822 with a year of four digits, as RSS has it; the zone is GMT. */
function mailDate(at: Date): string {
  return at.toUTCString();
}

function lines(parts: readonly string[]): string {
  return `${parts.join('\n')}\n`;
}
