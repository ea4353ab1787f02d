/** The page at the root: what this is, its key, and the lines that make a client use it. */
export function welcomeText(address: string, publicKey: string): string {
  return `Gambeson substituter

It serves what this farm has built, signed with this key:

    ${publicKey}

Fetch one path with Nix:

    nix copy --from ${address} --option trusted-public-keys '${publicKey}' /nix/store/…

Use it for every build, in nix.conf:

    extra-substituters = ${address}
    extra-trusted-public-keys = ${publicKey}
`;
}
