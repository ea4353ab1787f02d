/** Everything that a path refers to, directly or not: a client needs the narinfo of each. */
import { parseNarinfo, type Narinfo } from '#formats/narinfo.js';
import { hashPartLength } from '#formats/store-path.js';
import { askText, unwelcome, type Server } from './ask.js';
import { BrokenLink } from './links.js';
import { signerOf, type Trust } from './trust.js';

/** Questions under way at once. */
const together = 16;
/** More paths than the largest systems have. */
const mostPaths = 100_000;

export interface Offered {
  readonly text: string;
  readonly narinfo: Narinfo;
}

/** `basename` is `HASH-NAME`. Throws BrokenLink when it is not offered, or not as that path. */
export async function fetchNarinfo(
  server: Server,
  dir: string,
  basename: string,
): Promise<Offered> {
  const file = `${basename.slice(0, hashPartLength)}.narinfo`;
  const { status, text } = await askText(server, file);
  if (status === 404) throw new BrokenLink(`${basename} is not offered (${file} is not there)`);
  if (status !== 200) throw unwelcome(file, status);
  const parsed = parseNarinfo(text);
  if (!parsed.ok) {
    const { kind, key } = parsed.error;
    throw new BrokenLink(`${file} cannot be read: ${kind}${key ? ` at ${key}` : ''}`);
  }
  const { storePath } = parsed.value;
  if (storePath !== `${dir}/${basename}`) {
    throw new BrokenLink(`${file} is of another path: ${storePath}`);
  }
  return { text, narinfo: parsed.value };
}

/** How many paths the closure has besides the first, and how large they are unpacked. */
export async function walkClosure(
  parts: { readonly server: Server; readonly dir: string; readonly trust: Trust | null },
  first: Narinfo,
): Promise<{ readonly paths: number; readonly bytes: number }> {
  const { server, dir, trust } = parts;
  const seen = new Set([first.storePath.slice(dir.length + 1)]);
  let waiting = first.references.filter((name) => !seen.has(name));
  const found = { paths: 0, bytes: 0 };
  const look = async (basename: string): Promise<readonly string[]> => {
    const offered = await fetchNarinfo(server, dir, basename);
    if (trust) signerIn(trust, offered, basename);
    found.paths += 1;
    found.bytes += offered.narinfo.narSize;
    return offered.narinfo.references;
  };
  while (waiting.length > 0) {
    const now = waiting.splice(0, together).filter((name) => !seen.has(name));
    for (const name of now) seen.add(name);
    if (seen.size > mostPaths) throw new BrokenLink(`the closure has more than ${mostPaths} paths`);
    const next = (await Promise.all(now.map(look))).flat();
    waiting = [...new Set([...waiting, ...next])].filter((name) => !seen.has(name));
  }
  return found;
}

function signerIn(trust: Trust, offered: Offered, basename: string): void {
  try {
    signerOf(trust, offered);
  } catch (error) {
    if (!(error instanceof BrokenLink)) throw error;
    throw new BrokenLink(`${basename}: ${error.message}`);
  }
}
