/** Build, graph, workers, queue, search, packages and metrics pages. */
export const buildStyle = ``;
