/**
 * The backend of an attempt. Each is loaded only when it is needed: an attempt starts in little
 * time.
 */
import { join } from 'node:path';
import type { BuildBackend } from '#application/ports/backend.js';
import { storeOf } from '#domain/specification/specification.js';
import { FarmFault } from '#std/farm-fault.js';
import type { AttemptRequest } from './attempt-directory.js';

export async function openBackend(request: AttemptRequest): Promise<BuildBackend> {
  const { stores, build, systems, features } = request;
  // What untrusted requests build never lies where a trusted build could find it.
  const root = join(stores, build.store.slug);
  if (build.backend === 'local') {
    const { LocalBuildBackend } = await import('#adapters/backends/local/build-backend.js');
    return new LocalBuildBackend({ root });
  }
  if (build.backend === 'nix') {
    const { NixBuild } = await import('#adapters/backends/nix/nix-build.js');
    const extraPlatforms = systems.filter((system) => system !== systems[0]);
    return new NixBuild({ storeRoot: root, features, extraPlatforms });
  }
  if (build.backend === 'guix') {
    const { GuixBuild } = await import('#adapters/backends/guix/build/guix-build.js');
    const substituter = { address: request.substituter, slug: build.store.slug };
    // Its daemon has one store for all, which it lets nobody but itself fill.
    const untrusted = build.store.slug === storeOf({ backend: 'guix', trust: 'untrusted' }).slug;
    return new GuixBuild({ substituter, upstreams: build.upstreams ?? [], systems, untrusted });
  }
  throw new FarmFault('misconfigured', `this worker has no backend ${build.backend}`, 'never');
}
