/** The first page: alerts, and the shapes of the last evaluations. */
export const homeStyle = `
.alerts {
  list-style: none;
  margin: 0.5rem 0 1rem;
  padding: 0;
}
.alerts li {
  display: flex;
  gap: 0 0.5rem;
  min-height: 1.75rem;
  overflow-wrap: anywhere;
}
.alerts svg {
  flex: none;
  margin-top: 0.25rem;
  fill: none;
  stroke: currentColor;
  stroke-width: 1.75;
}
.spark {
  display: flex;
  list-style: none;
  margin: 0;
  padding: 0;
}
.spark a {
  display: flex;
  align-items: center;
  justify-content: center;
  position: relative;
  width: 24px;
  height: 24px;
}
.spark svg {
  margin: 0;
}
.of-name {
  min-width: 9rem;
}
.filter label {
  max-width: 100%;
}
.filter {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem;
  align-items: center;
  margin: 0.5rem 0;
}
summary {
  cursor: pointer;
  min-height: 24px;
}
`;
