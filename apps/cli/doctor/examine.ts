/** Walks the chain from an address to a store path, as a client does that fetches it. */
import type { Narinfo } from '#formats/narinfo.js';
import { askText, unwelcome, type Server } from './ask.js';
import { fetchNarinfo, walkClosure, type Offered } from './closure.js';
import { download, triedEncodings } from './download.js';
import { BrokenLink, Walk, type Link, type LinkName } from './links.js';
import { checkCertificate, openConnection, parseAddress, resolveName } from './reach.js';
import { signerOf, trustIn, type Trust } from './trust.js';

export interface Patient {
  /** `/nix/store`. */
  readonly dir: string;
  /** `HASH-NAME`. */
  readonly basename: string;
  readonly server: Server;
  /** Null: the key that the address itself tells is believed. */
  readonly trust: Trust | null;
}

export interface Diagnosis {
  readonly path: string;
  readonly address: string;
  readonly whole: boolean;
  readonly broken: LinkName | null;
  readonly links: readonly Link[];
}

export async function examine(
  patient: Patient,
  tell: (link: Link) => void = () => undefined,
): Promise<Diagnosis> {
  const walk = new Walk(tell);
  const { dir, basename, server } = patient;
  await reach(walk, server.address);
  await walk.try('cache-info', () => cacheInfo(server, dir));
  let offered: Offered | undefined;
  await walk.try('narinfo', async () => {
    offered = await fetchNarinfo(server, dir, basename);
    return described(offered.narinfo);
  });
  if (offered) await take(walk, patient, offered);
  const broken = walk.links.find(({ state }) => state === 'broken')?.link ?? null;
  const path = `${dir}/${basename}`;
  return { path, address: server.address, whole: walk.whole, broken, links: walk.links };
}

async function reach(walk: Walk, address: string): Promise<void> {
  let url = new URL('http://127.0.0.1');
  await walk.try('address', async () => {
    url = parseAddress(address);
    return address;
  });
  await walk.try('name', () => resolveName(url)());
  await walk.try('connection', () => openConnection(url)());
  await walk.try('certificate', () => checkCertificate(url)());
}

async function take(walk: Walk, patient: Patient, offered: Offered): Promise<void> {
  const { dir, server } = patient;
  const { narinfo } = offered;
  let { trust } = patient;
  await walk.try('signature', async () => {
    trust ??= await toldTrust(server);
    if (!trust) return { skipped: 'no key is known: give --key' };
    const by = `signed by ${signerOf(trust, offered)}`;
    return patient.trust ? by : `${by}, which is only this address's own word: give --key`;
  });
  await walk.try('references', async () => {
    const { paths, bytes } = await walkClosure({ server, dir, trust }, narinfo);
    return `all ${paths} other paths of the closure are offered, ${told(bytes)} unpacked`;
  });
  await walk.try('nar', async () => {
    const encodings = triedEncodings(narinfo);
    const names = narinfo.encodings.map(({ compression }) => compression).join(', ');
    if (encodings.length === 0) return { skipped: `only as ${names}, which is not tried here` };
    const sentences: string[] = [];
    for (const encoding of encodings) {
      const done = await download(server, narinfo, encoding);
      const { fileSize, narSize, files } = done;
      sentences.push(`${done.encoding}: ${told(fileSize)}, ${told(narSize)} in ${files} files`);
    }
    return sentences.join('; ');
  });
}

async function cacheInfo(server: Server, dir: string): Promise<string> {
  const { status, text } = await askText(server, 'nix-cache-info');
  if (status !== 200) throw unwelcome('nix-cache-info', status);
  const told = /^StoreDir:\s*(\S+)\s*$/m.exec(text)?.[1];
  if (told === undefined) throw new BrokenLink('nix-cache-info names no StoreDir');
  if (told !== dir)
    throw new BrokenLink(`this is a server of ${told}, and the path lies in ${dir}`);
  const priority = /^Priority:\s*(\d+)/m.exec(text)?.[1];
  return `a server of ${told}${priority === undefined ? '' : `, priority ${priority}`}`;
}

async function toldTrust(server: Server): Promise<Trust | null> {
  const { status, text } = await askText(server, 'signing-key.pub');
  return status === 200 && text.trim() !== '' ? trustIn([text]) : null;
}

function described({ narSize, references, encodings, deriver }: Narinfo): string {
  const how = encodings.map(({ compression }) => compression).join(', ');
  const from = deriver === undefined ? '' : `, from ${deriver}`;
  return `offered as ${how}, ${told(narSize)}, ${references.length} references${from}`;
}

function told(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(1)} ${['', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}
