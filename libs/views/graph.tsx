/** The neighbourhood of a build: drawn, with real links, and as a list that says the same. */
import type { BuildAnswer, BuildSummary } from '#protocol/api/build.js';
import type { GraphAnswer, GraphNode, GraphQuery } from '#protocol/api/build-story.js';
import { box, layOut, type PlacedNode } from './graph-layout.js';
import { page } from './layout.js';
import { buildHead, BuildRows, Section, Table } from './parts.js';
import { drawings } from './statuses.js';
import { clipped, count, plural } from './words.js';

export interface GraphModel {
  readonly build: Pick<BuildAnswer, 'id' | 'name' | 'status'>;
  readonly graph: GraphAnswer;
  readonly query: GraphQuery;
  readonly now: Date;
}

export function graphPage({ build, graph, query, now }: GraphModel): string {
  const address = `/builds/${build.id}`;
  return page(
    { title: `Graph of ${clipped(build.name)}`, json: `/api/v1/builds/${build.id}/graph` },
    <>
      <p class="crumbs">
        <a href={address}>build {build.id}</a> / graph
      </p>
      <h1>Graph of {clipped(build.name)}</h1>
      <p class="lead">
        {plural(graph.nodes.length, 'build')} within {plural(query.steps, 'step')}
        {graph.cut ? ', and more that are left out' : ''}
      </p>
      <Wider query={query} address={address} />
      <GraphDrawing graph={graph} name={build.name} />
      <GraphLists graph={graph} now={now} />
    </>,
  );
}

function Wider({ query, address }: { query: GraphQuery; address: string }) {
  return (
    <form action={`${address}/graph`} class="filter">
      <label>
        Steps each way{' '}
        <input type="number" name="steps" min="1" max="6" value={String(query.steps)} />
      </label>{' '}
      <label>
        Builds at most{' '}
        <input type="number" name="limit" min="1" max="300" value={String(query.limit)} />
      </label>{' '}
      <button>Draw</button>
    </form>
  );
}

export function GraphDrawing({ graph, name }: { graph: GraphAnswer; name: string }) {
  const { width, height, nodes, edges } = layOut(graph);
  return (
    <div class="scroll graph" tabindex={0} role="region" aria-label={`Graph of ${clipped(name)}`}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} class="graph-drawing">
        <g aria-hidden="true">
          {edges.map(({ path, failing }) => (
            <path d={path} class={failing ? 'bad' : undefined} />
          ))}
        </g>
        {nodes.map((node) => (
          <Box placed={node} />
        ))}
      </svg>
    </div>
  );
}

/** So many to each side fit beside everything else of a build's page. */
const nearAtMost = 10;

/** What lies next to the build, the input that it failed by first. */
export function nearGraph(build: BuildAnswer): GraphAnswer {
  const { failedInput } = build;
  const inputs = build.inputs.items.filter(({ id }) => id !== failedInput?.id);
  const near = (of: readonly BuildSummary[], distance: number): GraphNode[] =>
    of
      .slice(0, nearAtMost)
      .map((one) => ({ ...one, distance, onFailingPath: one === failedInput }));
  const before = near(failedInput ? [failedInput, ...inputs] : inputs, -1);
  const after = near(build.dependents.items, 1);
  return {
    nodes: [{ ...build, distance: 0, onFailingPath: failedInput !== null }, ...before, ...after],
    edges: [
      ...before.map(({ id }) => ({ from: id, to: build.id })),
      ...after.map(({ id }) => ({ from: build.id, to: id })),
    ],
    cut: build.inputs.total + build.dependents.total > before.length + after.length,
  };
}

/** So much of a name fits into a box. */
const letters = 21;

function Box({ placed: { node, x, y } }: { placed: PlacedNode }) {
  const { tone, shape } = drawings[node.status];
  const name = node.name.length > letters ? `${node.name.slice(0, letters - 1)}…` : node.name;
  const told = node.reason ? `${node.status}, ${node.reason}` : node.status;
  const middle = y + box.height / 2;
  return (
    <a href={`/builds/${node.id}`} class={tone}>
      <title>{`${clipped(node.name)}: ${told}`}</title>
      <rect
        class={node.distance === 0 ? 'here' : undefined}
        {...{ x, y, width: box.width, height: box.height }}
        rx="5"
      />
      <use href={`#${shape}`} x={x + 7} y={middle - 7} width="14" height="14" />
      <text x={x + 28} y={middle + 4}>
        {name}
      </text>
    </a>
  );
}

/** The same in words, nearest first. */
function GraphLists({ graph, now }: { graph: GraphAnswer; now: Date }) {
  const steps = [...Map.groupBy(graph.nodes, ({ distance }) => distance)];
  const nearest = steps.sort(([a], [b]) => Math.abs(a) - Math.abs(b) || a - b);
  return (
    <>
      {nearest.map(([distance, nodes]) => (
        <Section title={`${headOf(distance)} (${count(nodes.length)})`}>
          <Table head={buildHead}>
            <BuildRows builds={nodes satisfies GraphNode[]} now={now} />
          </Table>
        </Section>
      ))}
    </>
  );
}

function headOf(distance: number): string {
  if (distance === 0) return 'The build';
  const word = distance < 0 ? 'Inputs' : 'Dependents';
  return Math.abs(distance) === 1 ? word : `${word}, step ${Math.abs(distance)}`;
}
