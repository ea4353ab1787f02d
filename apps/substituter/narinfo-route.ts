/**
 * `HASH.narinfo`, the most asked address of a farm: an answer that is known goes out at once, its
 * headers and text made beforehand and its signature with them.
 */
import { NarinfoAnswers } from '#application/answer-narinfo.js';
import type { SubstituteStore } from '#application/ports/substitute-store.js';
import type { OfferedPath } from '#domain/substitute/offered-path.js';
import { printNixNarinfo, type Narinfo } from '#formats/narinfo.js';
import { signNix, type NixSecretKey } from '#formats/nix-signature.js';
import { hashPartLength } from '#formats/store-path.js';
import { contentAddressHolds } from './content-address.js';
import type { NarSizes } from './nar-sizes.js';
import { sendMiss, type Exchange } from './respond.js';
import { narinfoEnd, rootSlug } from './target.js';

interface PrintedAnswer {
  readonly headers: string[];
  /** ASCII: what stands in it was parsed. */
  readonly text: string;
}

export interface NarinfoRouteParts {
  readonly substitutes: Pick<SubstituteStore, 'lookup'>;
  readonly key: NixSecretKey;
  readonly sizes: NarSizes;
}

/** 32,768 answers take some 40 MB; ten seconds bound how long a withdrawn path is still told. */
const memory = { answers: 32_768, fresh: 10_000 };

export class NarinfoRoute {
  private readonly answers: NarinfoAnswers<PrintedAnswer>;

  constructor(parts: NarinfoRouteParts) {
    const { substitutes, key, sizes } = parts;
    this.answers = new NarinfoAnswers(
      {
        substitutes,
        now: () => performance.now(),
        render: (offered, slug) => {
          for (const { fileKey, fileSize } of offered.files)
            sizes.remember(slug, fileKey, fileSize);
          return printed(signed(offered, key));
        },
      },
      memory,
    );
  }

  /** Whether the address is that of a narinfo which is known; otherwise `ask` finds it. */
  answerKnown(exchange: Exchange, url: string): boolean {
    if (!url.endsWith(narinfoEnd)) return false;
    const answer = this.answers.peek(keyOf(url));
    if (answer) write(exchange, answer);
    return answer !== null;
  }

  async ask(exchange: Exchange, slug: string, hashPart: string): Promise<void> {
    const answer = await this.answers.ask(`${slug}/${hashPart}`, { slug, hashPart });
    if (answer) write(exchange, answer);
    else sendMiss(exchange);
  }
}

function write({ request, response }: Exchange, answer: PrintedAnswer): void {
  response.writeHead(200, answer.headers);
  if (request.method === 'HEAD') response.end();
  else response.end(answer.text, 'latin1');
}

/** `SLUG/HASHPART`, cut from the address as it stands; another address finds nothing under it. */
function keyOf(url: string): string {
  const key = url.slice(1, -narinfoEnd.length);
  return key.length === hashPartLength ? `${rootSlug}/${key}` : key;
}

function printed(narinfo: Narinfo): PrintedAnswer {
  const text = printNixNarinfo(narinfo);
  const length = String(text.length);
  return {
    text,
    headers: ['Content-Type', 'text/x-nix-narinfo', 'Content-Length', length],
  };
}

/** The hash that is signed was recomputed here when the nar arrived; a wrong `ca` is left out. */
function signed(offered: OfferedPath, key: NixSecretKey): Narinfo {
  const { dir, narHash, narSize, references, deriver, ca } = offered;
  const told = { storePath: `${dir}/${offered.path}`, narHash, narSize, references };
  return {
    ...told,
    encodings: offered.files.map((file) => ({
      url: `nar/${file.fileKey}`,
      compression: file.compression,
      fileHash: file.fileHash,
      fileSize: file.fileSize,
    })),
    signatures: [signNix(key, told), ...offered.signatures],
    ...(deriver !== null && { deriver }),
    ...(ca !== null && contentAddressHolds(dir, offered) && { ca }),
  };
}
