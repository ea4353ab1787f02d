/**
 * The name of the package that a derivation builds, for history across versions: `pname` where the
 * derivation has it, else its name without the version, as Nix's `parseDrvName` splits it: at the
 * first dash that no letter follows.
 */
export function packageName(name: string, pname: string | undefined): string {
  if (pname !== undefined && pname !== '') return pname;
  const split = /^(.+?)-[^a-zA-Z].*$/.exec(name);
  return split?.[1] ?? name;
}

/** The system features that a derivation asks for, from its environment; sorted, each once. */
export function requiredFeatures(variable: string | undefined): string[] {
  const words = (variable ?? '').split(/\s+/).filter((word) => word !== '');
  return [...new Set(words)].sort();
}
