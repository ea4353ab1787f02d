/** Narinfos of both worlds: from upstreams, from people who push, from other farms. */
import { isDeepStrictEqual } from 'node:util';
import { parseNarinfo, printGuixNarinfo, printNixNarinfo, type Narinfo } from '#formats/narinfo.js';
import { parseStorePath } from '#formats/store-path.js';
import { fixtureFiles } from '../samples.js';
import { demand, wordsOf, type Subject } from '../subject.js';

const nix = `StorePath: /nix/store/${'a'.repeat(32)}-hello-2.12
URL: nar/${'0'.repeat(52)}.nar.zst
Compression: zstd
FileHash: sha256:${'0'.repeat(52)}
FileSize: 1000
NarHash: sha256:${'1'.repeat(52)}
NarSize: 2000
References: ${'a'.repeat(32)}-hello-2.12 ${'b'.repeat(32)}-glibc
Deriver: ${'c'.repeat(32)}-hello-2.12.drv
Sig: farm.example.org-1:${'A'.repeat(86)}==
CA: fixed:r:sha256:${'1'.repeat(52)}
`;

export const narinfos: Subject = {
  name: 'narinfo',
  samples: () => [...wordsOf(nix), ...fixtureFiles('guix', /\.narinfo$/)],
  words: wordsOf(
    ...['StorePath: ', 'URL: ', 'Compression: none\n', 'FileHash: ', 'FileSize: ', 'NarHash: '],
    ...['NarSize: ', 'References: ', 'Deriver: ', 'Sig: ', 'CA: ', 'Signature: 1;host;', 'X: '],
    ...['sha256:', '/nix/store/', `${'a'.repeat(32)}-a`, '\n', ': ', '__proto__: ', 'toString: '],
    ...['-1\n', '9007199254740993\n', '1e3\n', 'References: \n', 'unknown-deriver'],
  ),
  take(bytes) {
    const parsed = parseNarinfo(Buffer.from(bytes).toString('utf8'));
    if (!parsed.ok) return 'refused';
    check(parsed.value);
    return 'accepted';
  },
};

function check(narinfo: Narinfo): void {
  const { storePath, narSize, narHash, encodings, references } = narinfo;
  const dir = storePath.slice(0, storePath.lastIndexOf('/'));
  demand(parseStorePath(dir, storePath).ok, 'the path is one of a store');
  demand(Number.isSafeInteger(narSize) && narSize > 0, 'the size is that of a nar');
  demand(/^sha256:[0-9a-z]{52}$/.test(narHash), 'the hash is a sha256');
  demand(
    references.every((name) => !/[/\s\0]/.test(name)),
    'references are base names',
  );
  demand(
    encodings.every(({ url }) => !/[\s\0]/.test(url)),
    'addresses are one word',
  );
  const one = { ...narinfo, encodings: encodings.slice(0, 1) };
  const { guixSignature: _guixSignature, ...unsigned } = one;
  demand(isDeepStrictEqual(parseNarinfo(printNixNarinfo(one)), ok(unsigned)), 'Nix prints it back');
  const { signatures: _signatures, system: _system, ca: _ca, ...rest } = narinfo;
  const bare = encodings.map(({ fileHash: _fileHash, ...encoding }) => encoding);
  for (const urls of ['before-signature', 'after-signature'] as const) {
    const again = parseNarinfo(printGuixNarinfo(narinfo, { urls }));
    const same = isDeepStrictEqual(again, ok({ ...rest, encodings: bare, signatures: [] }));
    demand(same, `Guix prints it back with addresses ${urls}`);
  }
}

function ok(value: unknown): unknown {
  return { ok: true, value };
}
