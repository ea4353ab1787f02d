/** Commands and log text, with the colours that ansi.ts tells, readable in both themes. */
export const logTextStyle = `
.command,
.log {
  margin: 0.5rem 0;
  padding: 0.75rem;
  background: var(--log);
  border: 1px solid var(--line);
  border-radius: 6px;
  overflow: auto;
}
.log {
  max-height: 70vh;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
  line-height: 1.4;
  min-height: 4rem;
}
.b {
  font-weight: 700;
}
.dim {
  opacity: 0.75;
}
.i {
  font-style: italic;
}
.u {
  text-decoration: underline;
}
.f0,
.f8 {
  color: var(--quiet);
}
.f1,
.f9 {
  color: var(--bad);
}
.f2,
.f10 {
  color: var(--good);
}
.f3,
.f11 {
  color: var(--farm);
}
.f4,
.f12 {
  color: var(--link);
}
.f5,
.f13 {
  color: var(--off);
}
.f6,
.f14 {
  color: light-dark(#0b6e75, #6fd0d8);
}
.f7,
.f15 {
  color: inherit;
}
.g0,
.g8 {
  background: light-dark(#dddad3, #3a3f46);
}
.g1,
.g9 {
  background: light-dark(#f6d5d2, #5b1f1b);
}
.g2,
.g10 {
  background: light-dark(#d3ecd9, #173f24);
}
.g3,
.g11 {
  background: light-dark(#f7e5c4, #4c3407);
}
.g4,
.g12 {
  background: light-dark(#d5e3f7, #183458);
}
.g5,
.g13 {
  background: light-dark(#e7dbf4, #38254f);
}
.g6,
.g14 {
  background: light-dark(#d0eef0, #0d3c40);
}
.g7,
.g15 {
  background: light-dark(#e9e6df, #4a4f57);
}
`;
