/** Evaluation, specification, commit and request pages. */
export const evaluationStyle = `
.verdict {
  font-weight: 600;
}
.compare p {
  margin: 0.25rem 0;
}
.tabs {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem;
  margin: 0.75rem 0;
  border-bottom: 1px solid var(--line);
}
.tabs a {
  padding: 0.3rem 0.7rem;
  text-decoration: none;
  border: 1px solid transparent;
  border-bottom: none;
  border-radius: 6px 6px 0 0;
}
.tabs a[aria-current] {
  background: var(--card);
  border-color: var(--line);
  border-bottom: 2px solid currentColor;
}
.narrow {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem 1rem;
  align-items: baseline;
  margin: 0.5rem 0;
}
.narrow input,
.narrow select,
.compare input {
  max-width: 14rem;
}
select {
  padding: 0.25rem 0.4rem;
}
.classes {
  list-style: none;
  margin: 0.5rem 0;
  padding: 0;
}
.classes li {
  margin: 0.25rem 0;
}
.map,
.legend {
  display: flex;
  flex-wrap: wrap;
  list-style: none;
  margin: 0.5rem 0;
  padding: 0;
}
.legend {
  gap: 0.25rem 1.25rem;
  font-size: 0.875rem;
}
.map-box {
  position: relative;
  margin-bottom: 1rem;
}
.map-box .cell {
  position: absolute;
}
.cell {
  display: block;
  width: 26px;
  height: 26px;
  padding: 5px;
}
.cell svg {
  display: block;
  width: 16px;
  height: 16px;
  fill: none;
  stroke: currentColor;
  stroke-width: 1.75;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.cell:hover {
  outline: 1px solid currentColor;
}
`;
