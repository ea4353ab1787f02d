/** Faults, warnings and waits. */
export const noticeStyle = `
.fault,
.warning,
.wait {
  margin: 0.35rem 0;
  padding: 0.4rem 0.7rem;
  border-left: 4px solid var(--bad);
  background: var(--card);
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
p.fault,
p.warning,
.wait {
  white-space: normal;
}
.warning {
  border-color: var(--farm);
}
.wait {
  border-color: var(--busy);
}
.stale {
  max-width: 76rem;
  margin: 0 auto;
  padding: 0 1rem;
  color: var(--farm);
  font-weight: 600;
}
.stale:not(:empty) {
  padding: 0.5rem 1rem;
}
.wait p {
  margin: 0;
}
.wait ul {
  margin: 0.35rem 0 0;
  padding-left: 1.25rem;
}
.fault pre {
  margin: 0;
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
pre.fault {
  max-height: 20rem;
  overflow: auto;
}
`;
