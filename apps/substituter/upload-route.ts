/**
 * Uploads of nars by the farm's own workers and services: in one piece (PUT), or, with an
 * Upload-Key that their sender chose, in several. A sender that was cut asks with HEAD how many
 * bytes have come and sends the rest with PATCH from there.
 */
import { NarIntake, type IngestParts } from '#application/ingest-nar.js';
import type { Principal, SubstituteStore } from '#application/ports/substitute-store.js';
import { formatHash, parseHash } from '#formats/hash.js';
import type { Refusal } from '#nest/problem.js';
import type { UploadAnswer } from '#protocol/upload.js';
import { leaseLapsed, principalOf, unauthorized, unknownStore } from './credential.js';
import { ingestRefusal } from './refusals.js';
import { bodyOf, contentType } from './request-body.js';
import { send, sendJson, sendProblem, type Exchange } from './respond.js';
import { UploadShelf } from './upload-shelf.js';

export interface UploadParts extends Omit<IngestParts, 'substitutes'> {
  readonly substitutes: Pick<SubstituteStore, 'directory' | 'mayUpload' | 'recordUpload'>;
  readonly serviceToken: string;
}

export interface UploadPlace {
  readonly slug: string;
  readonly path: string;
}

interface Upload extends UploadPlace {
  readonly principal: Principal;
  readonly expectedHash: string | null;
  /** Names the upload on the shelf; null when its sender does not go on. */
  readonly key: string | null;
}

export class UploadRoute {
  private readonly shelf = new UploadShelf();

  constructor(private readonly parts: UploadParts) {}

  async put(exchange: Exchange, place: UploadPlace): Promise<void> {
    await this.following(exchange, place, async (upload) => {
      if (upload.key !== null) await this.shelf.forget(upload.key);
      await this.take(exchange, upload, await NarIntake.open(this.parts));
    });
  }

  async patch(exchange: Exchange, place: UploadPlace): Promise<void> {
    await this.following(exchange, place, async (upload) => {
      const offset = Number(exchange.request.headers['upload-offset']);
      const { key } = upload;
      if (key === null || !Number.isSafeInteger(offset)) return sendProblem(exchange, badOffset);
      const intake = this.shelf.take(key, offset);
      if (!intake) return sendProblem(exchange, notThere);
      await this.take(exchange, upload, intake);
    });
  }

  async head(exchange: Exchange, place: UploadPlace): Promise<void> {
    const upload = this.read(exchange, place);
    if (!upload || !(await this.admits(exchange, upload))) return;
    const offset = upload.key === null ? null : await this.shelf.offsetOf(upload.key);
    if (offset === null) return sendProblem(exchange, { ...notThere, status: 404 });
    const headers = { 'Upload-Offset': String(offset), 'Cache-Control': 'no-store' };
    send(exchange, { type: 'application/octet-stream', body: '', headers });
  }

  /** What was kept of cut uploads goes. */
  close(): Promise<void> {
    return this.shelf.close();
  }

  /** The shelf knows of an upload from its first moment on, before anybody is asked about it. */
  private async following(
    exchange: Exchange,
    place: UploadPlace,
    work: (upload: Upload) => Promise<void>,
  ): Promise<void> {
    const upload = this.read(exchange, place);
    if (!upload) return;
    const admitted = async (): Promise<void> => {
      if (await this.admits(exchange, upload)) await work(upload);
    };
    if (upload.key === null) return admitted();
    await this.shelf.during(upload.key, () => exchange.request.destroy(), admitted);
  }

  private async take(exchange: Exchange, upload: Upload, intake: NarIntake): Promise<void> {
    let whole = false;
    try {
      const received = await intake.receive(bodyOf(exchange));
      whole = true;
      const done = received.ok ? await intake.keep(upload) : received;
      if (!done.ok) return sendProblem(exchange, ...ingestRefusal(done.error));
      const { path, narHash, narSize, file } = done.value.nar;
      const { fileHash, fileSize } = file;
      const answer: UploadAnswer = { path, narHash, narSize, fileHash, fileSize };
      sendJson(exchange, done.value.outcome === 'recorded' ? 201 : 200, answer);
    } finally {
      // A disk that is full fails the write of a piece that was read: that cannot go on.
      const cut = !whole && exchange.request.destroyed && !exchange.request.complete;
      if (cut && upload.key !== null) await this.shelf.park(upload.key, intake);
      else await intake.close();
    }
  }

  /** Answers what is refused, and gives null then. */
  private read(exchange: Exchange, { slug, path }: UploadPlace): Upload | null {
    const { request } = exchange;
    const principal = principalOf(request, this.parts.serviceToken);
    if (!principal) return refused(exchange, unauthorized);
    const sends = request.method !== 'HEAD';
    if (sends && contentType(request) !== 'application/zstd') return refused(exchange, onlyZstd);
    const expectedHash = hashSaid(request.headers['x-nar-hash']);
    if (expectedHash === undefined) return refused(exchange, badHash);
    const said = request.headers['upload-key'];
    if (said !== undefined && !keyForm.test(String(said))) return refused(exchange, badKey);
    const key = said === undefined ? null : JSON.stringify([principal, slug, path, said]);
    return { slug, path, principal, expectedHash, key };
  }

  private async admits(exchange: Exchange, { slug, principal }: Upload): Promise<boolean> {
    const dir = await this.parts.substitutes.directory(slug);
    const refusal = dir === null ? unknownStore : leaseLapsed;
    if (dir !== null && (await this.parts.substitutes.mayUpload(principal))) return true;
    sendProblem(exchange, refusal);
    return false;
  }
}

const keyForm = /^[0-9a-f]{32,64}$/;

function refused(exchange: Exchange, refusal: Refusal): null {
  sendProblem(exchange, refusal);
  return null;
}

const onlyZstd: Refusal = {
  status: 415,
  kind: 'unsupported-media-type',
  detail: 'Nars are uploaded as application/zstd.',
};
const badHash: Refusal = {
  status: 400,
  kind: 'malformed-request',
  detail: 'X-Nar-Hash is not a sha256 hash.',
};
const badKey: Refusal = {
  status: 400,
  kind: 'malformed-request',
  detail: 'An Upload-Key has 32 to 64 hexadecimal digits.',
};
const badOffset: Refusal = {
  status: 400,
  kind: 'malformed-request',
  detail: 'An upload goes on with its Upload-Key and the Upload-Offset that HEAD told.',
};
const notThere: Refusal = {
  status: 409,
  kind: 'not-resumable',
  detail: 'So many bytes of this upload are not here: send it from its beginning.',
};

/** Null when nothing was said; undefined when it is no hash. */
function hashSaid(header: string | string[] | undefined): string | null | undefined {
  if (header === undefined) return null;
  const hash = parseHash(String(header));
  return hash.ok && hash.value.algorithm === 'sha256' ? formatHash(hash.value) : undefined;
}
