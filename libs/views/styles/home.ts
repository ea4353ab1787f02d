/** Cards of the first page. */
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
`;
