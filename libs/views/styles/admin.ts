/** What the pages of /admin alone have: a sheet of its own. */
export const adminStyle = `
.desk nav {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 1rem;
  margin-top: 1rem;
}
.desk nav a {
  padding: 0.15rem 0;
}
.desk p {
  margin: 0.35rem 0 0;
}
.told {
  margin: 0.5rem 0;
  padding: 0.4rem 0.7rem;
  border-left: 4px solid var(--good);
  background: var(--card);
}
.form {
  max-width: 46rem;
}
.form.line {
  display: flex;
  flex-wrap: wrap;
  align-items: flex-end;
  gap: 0 1rem;
}
.field {
  display: flex;
  flex-direction: column;
  gap: 0.15rem;
  margin: 0.6rem 0;
  min-width: 0;
}
.field label {
  font-weight: 600;
}
.field input,
.field select,
.field textarea {
  width: 100%;
  min-height: 2rem;
}
.field [aria-invalid] {
  border-color: var(--bad);
  border-width: 2px;
}
.box {
  display: flex;
  gap: 0.5rem;
  align-items: center;
  min-height: 1.75rem;
}
.box input {
  width: 1.5rem;
  height: 1.5rem;
  flex: none;
}
select {
  padding: 0.25rem 0.6rem;
}
textarea {
  font-family: ui-monospace, "DejaVu Sans Mono", "Liberation Mono", Menlo, monospace;
  font-size: 0.875rem;
}
.form input,
.form select,
.form textarea,
.toolbar input,
button {
  border-color: var(--quiet);
}
button {
  min-height: 2rem;
}
fieldset {
  min-width: 0;
  margin: 1rem 0;
  padding: 0.25rem 1rem 0.75rem;
  border: 1px solid var(--line);
  border-radius: 8px;
}
fieldset.plain {
  border: 0;
  padding: 0;
  margin: 0;
}
fieldset.row {
  background: var(--card);
}
legend {
  font-weight: 700;
  padding: 0 0.35rem;
}
.buttons {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5rem 0.75rem;
  align-items: center;
}
.danger {
  color: var(--bad);
  border-color: var(--bad);
}
.actions {
  display: flex;
  flex-wrap: wrap;
  gap: 0.35rem 0.75rem;
  align-items: center;
}
.do {
  display: inline;
}
.scroll {
  position: relative;
}
.matters {
  list-style: none;
  padding: 0;
}
`;
