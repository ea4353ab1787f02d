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
  font: inherit;
  color: inherit;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 6px;
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
`;
