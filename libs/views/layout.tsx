/** The frame of every page, and the step from a component to a whole HTML document. */
import type { ComponentChildren, VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { EventTopic } from '#protocol/api/events.js';
import { scriptAddress, sheetAddress, type SheetName } from './assets.js';
import { Shapes } from './parts.js';
import { withControlsShown } from './shown-controls.js';
import { Preferences } from './preferences.js';
import { stateIcon, stateMark } from './state-icon.js';
import type { StatusWord } from './statuses.js';

export interface Frame {
  readonly title: string;
  /** What the page is about, in a word: the tab's title and icon follow it. */
  readonly state?: StatusWord | undefined;
  /** Which entry of the navigation is the current one. */
  readonly here?: string;
  /** The same in JSON. */
  readonly json?: string;
  /** Where the same thing is administered. */
  readonly manage?: string;
  /**
   * What the page shows and still changes: at news of one of these topics it fetches itself again.
   * What a script of the page draws by itself bears `data-keep` and is left alone.
   */
  readonly live?: readonly EventTopic[];
  /** Client scripts of this page beside the shell: libs/views/client/NAME.ts. */
  readonly scripts?: readonly string[];
  /** Style sheets beside the main one. */
  readonly sheets?: readonly SheetName[];
  /** The keys that a script of this page takes, for the help; `g` and a letter leads elsewhere. */
  readonly keys?: readonly KeyHint[];
}

export type KeyHint = readonly [keys: string, what: string];

/** With the letter that leads there after `g`. */
const entries = [
  ['/', 'Specifications', 'h'],
  ['/queue', 'Queue', 'q'],
  ['/workers', 'Workers', 'w'],
  ['/packages', 'Packages', 'p'],
  ['/metrics', 'Metrics', 'm'],
  ['/use', 'Use', 'u'],
] as const;

const shellKeys: readonly KeyHint[] = [
  ['?', 'this help'],
  ['/', 'search'],
  ...entries.map(([, word, letter]): KeyHint => [`g ${letter}`, word]),
];

export function page(frame: Frame, body: VNode): string {
  const html = renderToString(<Document frame={frame}>{body}</Document>);
  return `<!doctype html>\n${withControlsShown(html)}`;
}

function Document({ frame, children }: { frame: Frame; children: ComponentChildren }) {
  return (
    <html lang="en">
      <Head frame={frame} />
      <body>
        <Shapes />
        <a class="skip" href="#main">
          To the content
        </a>
        <Header here={frame.here} />
        <main
          id="main"
          tabindex={-1}
          data-live={frame.live?.length ? frame.live.join(' ') : undefined}
        >
          {children}
        </main>
        <footer>
          {frame.json ? <a href={frame.json}>This page as JSON</a> : null}
          <a href="/api/v1/openapi.json">API</a>
          <a href={frame.manage ?? '/admin'}>Administration</a>
          <noscript>Times are UTC; hover for the exact one.</noscript>
        </footer>
        <Preferences keys={[...shellKeys, ...(frame.keys ?? [])]} />
      </body>
    </html>
  );
}

function Head({ frame }: { frame: Frame }) {
  const sheets: readonly SheetName[] = ['main', ...(frame.sheets ?? [])];
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{`${stateMark(frame.state)}${frame.title} · Gambeson`}</title>
      <link rel="icon" href={stateIcon(frame.state)} />
      <script src={scriptAddress('theme')} />
      {sheets.map((name) => (
        <link rel="stylesheet" href={sheetAddress(name)} />
      ))}
      {['shell', ...(frame.scripts ?? [])].map((name) => (
        <script type="module" src={scriptAddress(name)} />
      ))}
    </head>
  );
}

function Header({ here }: { here: string | undefined }) {
  return (
    <header>
      <a class="name" href="/">
        Gambeson
      </a>
      <nav aria-label="Farm">
        {entries.map(([address, word, letter]) => (
          <a href={address} aria-current={address === here ? 'page' : undefined} data-key={letter}>
            {word}
          </a>
        ))}
      </nav>
      <form action="/search" role="search" aria-label="Farm">
        <input id="search-field" type="search" name="query" aria-label="Search builds" />
        <button>Search</button>
      </form>
      <button id="open-preferences" type="button" aria-haspopup="dialog" hidden>
        Preferences
      </button>
    </header>
  );
}
