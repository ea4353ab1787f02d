/** Build, graph, workers, queue, search, packages and metrics pages. */
export const buildStyle = `
.chart {
  margin: 0.5rem 0 1rem;
}
.chart svg {
  display: block;
  width: 100%;
  max-width: 48rem;
  height: 5rem;
  margin: 0.35rem 0;
  border-bottom: 1px solid var(--line);
}
.chart rect {
  fill: currentColor;
}
.chart summary,
.graph-more {
  font-size: 0.9rem;
  line-height: 24px;
}
.plain {
  list-style: none;
  margin: 0;
  padding: 0;
}
.graph-drawing {
  display: block;
}
.graph-drawing path {
  fill: none;
  stroke: var(--line);
  stroke-width: 1.5;
}
.graph-drawing g .bad {
  stroke: var(--bad);
  stroke-width: 2.5;
}
.graph-drawing a rect {
  fill: var(--card);
  stroke: currentColor;
}
.graph-drawing a .here {
  stroke-width: 3;
}
.graph-drawing a:hover text {
  text-decoration: underline;
}
.graph-drawing use {
  fill: none;
  stroke: currentColor;
  stroke-width: 1.75;
}
.graph-drawing text {
  fill: var(--ink);
  font-size: 13px;
}
.graph-drawing a:focus-visible rect {
  stroke-width: 4;
}
.examples {
  row-gap: 0.5rem;
}
.examples a {
  display: inline-block;
  min-height: 24px;
  min-width: 24px;
}
.columns {
  columns: 15rem;
}
.columns li {
  line-height: 1.75rem;
  overflow-wrap: anywhere;
}
meter {
  vertical-align: middle;
  width: 6rem;
  max-width: 100%;
}
`;
