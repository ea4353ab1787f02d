/** Statuses, their bars and tags. */
export const statusStyle = `
.tag {
  margin-left: 0.5rem;
  padding: 0 0.45rem;
  border: 1px solid var(--line);
  border-radius: 99px;
  font-size: 0.8rem;
  font-weight: 400;
  color: var(--quiet);
  white-space: nowrap;
}
.shapes {
  position: absolute;
}
.status {
  display: inline-flex;
  flex-wrap: wrap;
  align-items: baseline;
  gap: 0 0.35rem;
}
.mark {
  white-space: nowrap;
  font-weight: 600;
}
.status svg {
  fill: none;
  stroke: currentColor;
  stroke-width: 1.75;
  stroke-linecap: round;
  stroke-linejoin: round;
  margin-right: 0.35rem;
  vertical-align: -0.12em;
}
.good {
  color: var(--good);
}
.bad {
  color: var(--bad);
}
.farm {
  color: var(--farm);
}
.busy {
  color: var(--busy);
}
.idle {
  color: var(--idle);
}
.off {
  color: var(--off);
}
.bar {
  display: block;
  width: 100%;
  min-width: 8rem;
  height: 8px;
  border-radius: 4px;
  margin: 0.25rem 0;
  background: var(--line);
}
.bar rect {
  fill: currentColor;
}
`;
