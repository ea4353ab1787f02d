import { describe, expect, it } from '@jest/globals';
import { changeSentence, kindOf } from './change.js';
import { printAtom, printRss, type Feed } from './feed.js';
import { xmlText } from './xml.js';

const feed: Feed = {
  title: 'Builds of "base" & more',
  description: 'What broke, and what was mended.',
  selfUrl: 'https://ci.example.org/events/rss?specification=base&status=1',
  siteUrl: 'https://ci.example.org/jobset/base',
  emptySince: new Date('2026-11-20T00:00:00Z'),
};
const entries = [
  {
    title: changeSentence({ job: 'g++<4>', specification: 'base', kind: kindOf('new-failure') }),
    url: 'https://ci.example.org/build/7/details',
    at: new Date('2026-11-21T03:04:05Z'),
  },
  {
    title: changeSentence({ job: 'hello', specification: 'base', kind: kindOf('new-success') }),
    url: 'https://ci.example.org/build/6/details',
    id: 'https://ci.example.org/build/6/details#change-12',
    at: new Date('2026-11-19T00:00:00Z'),
    summary: 'It was broken since evaluation 3.',
  },
];

describe('a feed of what broke and what was mended', () => {
  it('is RSS 2.0 in the words of Cuirass', () => {
    const printed = printRss(feed, entries);
    expect(printed).toContain('<title>Build g++&lt;4&gt; on base is broken.</title>');
    expect(printed).toContain('<title>Build hello on base is fixed.</title>');
    expect(printed).toContain('<pubDate>Sat, 21 Nov 2026 03:04:05 GMT</pubDate>');
    expect(printed).toContain('<lastBuildDate>Sat, 21 Nov 2026 03:04:05 GMT</lastBuildDate>');
    const guid = '<guid isPermaLink="true">https://ci.example.org/build/7/details</guid>';
    expect(printed).toContain(guid);
    expect(printed).toContain('<guid isPermaLink="false">https://ci.example.org/build/6/');
    expect(printed).toContain('specification=base&amp;status=1" rel="self"');
    expect(printed.match(/<item>/g)).toHaveLength(2);
  });

  it('is Atom with a time for every entry and for the whole', () => {
    const printed = printAtom(feed, entries);
    expect(printed).toContain('<updated>2026-11-21T03:04:05.000Z</updated>\n<entry>');
    expect(printed).toContain('<id>https://ci.example.org/build/7/details</id>');
    expect(printed).toContain('<id>https://ci.example.org/build/6/details#change-12</id>');
    expect(printed).toContain('<summary>It was broken since evaluation 3.</summary>');
    expect(printed).toContain('<title>Builds of &quot;base&quot; &amp; more</title>');
    expect(printAtom(feed, [])).toContain('<updated>2026-11-20T00:00:00.000Z</updated>');
  });

  it('says nothing that XML has no way to say', () => {
    expect(xmlText('a\u0000\u001b[31m\ud800b\ufffe\t\u{1f426}<\r\n')).toBe(
      'a[31mb\t\u{1f426}&lt;\r\n',
    );
  });
});
