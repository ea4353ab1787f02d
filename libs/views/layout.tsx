/** The frame of every page, and the step from a component to a whole HTML document. */
import type { ComponentChildren, VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { EventTopic } from '#protocol/api/events.js';
import { scriptAddress, sheetAddress, type SheetName } from './assets.js';
import { Shapes } from './parts.js';

export interface Frame {
  readonly title: string;
  /** Which entry of the navigation is the current one. */
  readonly here?: string;
  /** The same in JSON. */
  readonly json?: string;
  /**
   * What the page shows and still changes: at news of one of these topics it fetches itself again.
   * What a script of the page draws by itself bears `data-keep` and is left alone.
   */
  readonly live?: readonly EventTopic[];
  /** Client scripts of this page beside the shell: libs/views/client/NAME.ts. */
  readonly scripts?: readonly string[];
  /** Style sheets beside the main one. */
  readonly sheets?: readonly SheetName[];
}

const entries = [
  ['/', 'Specifications'],
  ['/queue', 'Queue'],
  ['/workers', 'Workers'],
  ['/use', 'Use'],
] as const;

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
  "%3Cpath fill='%237a5c2e' d='M3 1h10v8a5 6 0 0 1-10 0z'/%3E" +
  "%3Cpath stroke='%23f5eedf' d='M5.5 1v10.5M8 1v13M10.5 1v10.5' fill='none'/%3E%3C/svg%3E";

export function page(frame: Frame, body: VNode): string {
  return `<!doctype html>\n${renderToString(<Document frame={frame}>{body}</Document>)}`;
}

function Document({ frame, children }: { frame: Frame; children: ComponentChildren }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${frame.title} · Gambeson`}</title>
        <link rel="icon" href={icon} />
        <script src={scriptAddress('theme')} />
        {(['main', ...(frame.sheets ?? [])] as const).map((name) => (
          <link rel="stylesheet" href={sheetAddress(name)} />
        ))}
        {['shell', ...(frame.scripts ?? [])].map((name) => (
          <script type="module" src={scriptAddress(name)} />
        ))}
      </head>
      <body>
        <Shapes />
        <a class="skip" href="#main">
          To the content
        </a>
        <header>
          <a class="name" href="/">
            Gambeson
          </a>
          <nav aria-label="Farm">
            {entries.map(([address, word]) => (
              <a href={address} aria-current={address === frame.here ? 'page' : undefined}>
                {word}
              </a>
            ))}
          </nav>
        </header>
        <main id="main" data-live={frame.live?.length ? frame.live.join(' ') : undefined}>
          {children}
        </main>
        <footer>
          {frame.json ? <a href={frame.json}>This page as JSON</a> : null}
          <a href="/api/v1/openapi.json">API</a>
          <span>Times are UTC; hover for the exact one.</span>
        </footer>
      </body>
    </html>
  );
}
