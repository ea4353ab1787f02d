/** The first page: cards, alerts, and the shapes of the last evaluations. */
export const homeStyle = `
.cards {
  display: grid;
  grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr));
  gap: 1rem;
}
article {
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 8px;
  padding: 0.9rem 1rem;
}
article h2 {
  margin: 0 0 0.5rem;
  overflow-wrap: anywhere;
}
article p {
  margin: 0.35rem 0;
}
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
