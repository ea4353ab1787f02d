/** Fields, buttons, filters and links between pages. */
export const formStyle = `
.filters {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem 1.5rem;
  justify-content: space-between;
  align-items: center;
  margin-bottom: 0.5rem;
}
.filters nav {
  display: flex;
  flex-wrap: wrap;
  gap: 0.35rem 1rem;
}
.filters nav a {
  text-decoration: none;
  white-space: nowrap;
}
.pages {
  display: flex;
  gap: 1.5rem;
  margin: 0.75rem 0;
}
.filters form {
  display: flex;
  gap: 0.5rem;
  align-items: baseline;
}
input,
select,
textarea,
button {
  max-width: 100%;
  font: inherit;
  color: inherit;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 6px;
  padding: 0.25rem 0.6rem;
}
button {
  cursor: pointer;
}
`;
