/**
 * A real binary cache of Nix as an upstream: what it has is fetched, unpacked from xz, kept under
 * the farm's own key, and downloaded by a real Nix that trusts the farm alone.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  formatNixPublicKey,
  formatNixSecretKey,
  generateNixKey,
  publicKeyOf,
} from '#formats/nix-signature.js';
import { answered } from '#testkit/eventually.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { UpstreamServer } from '#testkit/upstream-server.js';
import { startTestSubstituter, type TestSubstituter } from '../integration/substituter-harness.js';
import { UpstreamFarm } from '../integration/upstream-farm.js';
import { NixClient } from './nix-client.js';

const expression = `
rec {
  library = derivation {
    name = "library-1.0";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-euc" "echo shared words > $out" ];
  };
  tool = derivation {
    name = "tool-1.0";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-euc" "echo uses \${library} and $out > $out" ];
  };
}`;

let postgres: TestPostgres;
let substituter: TestSubstituter;
let farm: UpstreamFarm;
let upstream: UpstreamServer;
let client: NixClient;
const paths = { library: '', tool: '' };

beforeAll(async () => {
  postgres = await startTestPostgres();
  [substituter, upstream, client] = await Promise.all([
    startTestSubstituter(postgres),
    UpstreamServer.start(),
    NixClient.open(),
  ]);
  farm = await UpstreamFarm.over(substituter.database.url);
  farm.outputOf = (name) => paths[name as keyof typeof paths];
  const key = generateNixKey('upstream-1');
  await fillCache(formatNixSecretKey(key));
  await farm.addUpstream(upstream.url, formatNixPublicKey(publicKeyOf(key)));
}, 120_000);

afterAll(async () => {
  await farm?.close();
  await substituter?.stop();
  await upstream?.stop();
  await client?.remove();
  await postgres?.stop();
});

/** Builds the tool and has Nix copy it into a signed cache, which the upstream serves. */
async function fillCache(secret: string): Promise<void> {
  await writeFile(client.store('default.nix'), expression);
  await writeFile(client.store('key'), secret);
  const store = client.store('build');
  const drv = await client.good(
    ...(['nix-instantiate', '--store', store, client.store('default.nix'), '-A', 'tool'] as const),
  );
  const tool = await client.good('nix-store', '--store', store, '--realise', drv.split('!')[0]!);
  const to = `file://${client.store('cache')}?secret-key=${client.store('key')}`;
  await client.good('nix', 'copy', '--store', store, '--to', to, tool);
  const [info] = await client.pathInfo(store, tool);
  paths.tool = basename(tool);
  paths.library = info!.references.map((path) => basename(path)).find((p) => p !== paths.tool)!;
  const cache = client.store('cache');
  for (const entry of await readdir(cache, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile()) upstream.files.set(`/${relative(cache, file)}`, await readFile(file));
  }
}

describe('a real binary cache before the farm', () => {
  it('is packed in xz, as Nix does it', () => {
    expect([...upstream.files.keys()].filter((path) => path.endsWith('.nar.xz'))).toHaveLength(2);
  });

  it('saves a build, and its closure comes from the farm, signed by the farm', async () => {
    await farm.evaluate({ tool: ['library'], library: [] }, ['tool']);
    await answered('the build', async () => {
      const { status } = await farm.state('tool');
      return status === 'succeeded' ? status : null;
    });
    expect(await farm.state('library')).toMatchObject({ status: 'canceled' });
    await upstream.stop();
    const from = `${substituter.address}/nix`;
    const trusting = ['--option', 'trusted-public-keys', substituter.publicKey];
    const to = client.store('client');
    const tool = `/nix/store/${paths.tool}`;
    await client.good('nix', 'copy', '--from', from, '--to', to, ...trusting, tool);
    const text = await readFile(join(to, tool), 'utf8');
    expect(text).toBe(`uses /nix/store/${paths.library} and ${tool}\n`);
    const [info] = await client.pathInfo(to, tool);
    const [name] = substituter.publicKey.split(':');
    expect(info!.signatures!.map((signature) => signature.split(':')[0])).toContain(name);
  });
});
