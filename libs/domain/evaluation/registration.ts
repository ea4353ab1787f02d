/**
 * The order in which derivations are registered: each after all its inputs. What is registered
 * already does not take part. A graph from a channel may be a chain of a million, so there is no
 * recursion here.
 */
export interface RegistrationNode {
  readonly path: string;
  /** Paths of input derivations; those that are not among the nodes are registered already. */
  readonly inputs: readonly string[];
}

/** The nodes, inputs first; nodes of a cycle, and those that need them, are in `cyclic`. */
export interface RegistrationOrder {
  readonly ordered: readonly string[];
  readonly cyclic: readonly string[];
}

export function registrationOrder(nodes: readonly RegistrationNode[]): RegistrationOrder {
  const waitsFor = new Map(nodes.map((node) => [node.path, 0]));
  const neededBy = new Map<string, string[]>();
  for (const node of nodes) {
    const inputs = [...new Set(node.inputs)].filter((input) => waitsFor.has(input));
    waitsFor.set(node.path, inputs.length);
    for (const input of inputs) {
      const known = neededBy.get(input);
      if (known) known.push(node.path);
      else neededBy.set(input, [node.path]);
    }
  }
  const ordered = nodes.filter((n) => waitsFor.get(n.path) === 0).map((n) => n.path);
  for (let at = 0; at < ordered.length; at += 1) {
    for (const dependent of neededBy.get(ordered[at] ?? '') ?? []) {
      const left = (waitsFor.get(dependent) ?? 0) - 1;
      waitsFor.set(dependent, left);
      if (left === 0) ordered.push(dependent);
    }
  }
  const cyclic = nodes.filter((node) => waitsFor.get(node.path) !== 0).map((node) => node.path);
  return { ordered, cyclic };
}
