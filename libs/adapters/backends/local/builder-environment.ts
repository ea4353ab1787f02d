/**
 * The environment of a builder: the derivation's own, and what every builder may count on.
 * Pure.
 */
import { textOfByteString, type Derivation } from '#formats/derivation.js';
import { storeDirectory } from './instantiate.js';

export interface BuilderPlace {
  readonly cores: number;
  /** As the builder sees it. */
  readonly temporary: string;
  /** Without a sandbox: where the store really lies, since the builder sees no other. */
  readonly physicalStore: string | null;
  /** Goes into `GAMBESON_ATTEMPT`. */
  readonly mark: string | null;
}

export function builderEnvironment(
  derivation: Derivation,
  place: BuilderPlace,
): Readonly<Record<string, string>> {
  const { cores, temporary, physicalStore, mark } = place;
  const environment: Record<string, string> = {
    PATH: '/usr/bin:/bin',
    HOME: '/homeless-shelter',
    TMPDIR: temporary,
    TMP: temporary,
    NIX_BUILD_TOP: temporary,
    TERM: 'xterm-256color',
  };
  for (const [name, value] of derivation.env) {
    environment[name] =
      physicalStore === null ? textOfByteString(value) : physicalText(value, physicalStore);
  }
  environment['NIX_BUILD_CORES'] = String(cores);
  environment['GAMBESON_STORE'] = physicalStore ?? storeDirectory;
  if (mark !== null) environment['GAMBESON_ATTEMPT'] = mark;
  return environment;
}

/** A byte string with the logical paths of the store replaced by where they really lie. */
export function physicalText(value: string, physicalStore: string): string {
  return textOfByteString(value).replaceAll(`${storeDirectory}/`, `${physicalStore}/`);
}
