/** The frame of every page: header, navigation, footer, preferences, and what is printed. */
export const frameStyle = `
body > header,
main,
footer {
  max-width: 76rem;
  margin: 0 auto;
  padding: 0 1rem;
}
main:focus {
  outline: none;
}
body > header {
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0.25rem 1.5rem;
  padding-top: 0.75rem;
  padding-bottom: 0.75rem;
  border-bottom: 1px solid var(--line);
}
header .name {
  font-weight: 700;
  font-size: 1.15rem;
  color: var(--ink);
  text-decoration: none;
}
header nav {
  display: flex;
  flex-wrap: wrap;
  gap: 0 1.1rem;
}
header nav a {
  padding: 0.25rem 0;
}
header form {
  display: flex;
  flex: 1 1 12rem;
  gap: 0.25rem;
  justify-content: flex-end;
}
header input {
  flex: 0 1 16rem;
  min-width: 0;
}
nav a[aria-current] {
  color: var(--ink);
  text-decoration: none;
  border-bottom: 2px solid currentColor;
}
footer {
  display: flex;
  flex-wrap: wrap;
  gap: 0.25rem 1.5rem;
  margin-top: 3rem;
  padding-top: 0.75rem;
  padding-bottom: 2rem;
  border-top: 1px solid var(--line);
  color: var(--quiet);
  font-size: 0.875rem;
}
footer a {
  padding: 0.25rem 0;
}
.skip {
  position: absolute;
  left: -100rem;
}
.skip:focus {
  left: 0.5rem;
  top: 0.5rem;
  background: var(--card);
  padding: 0.5rem;
}
dialog {
  max-width: min(28rem, calc(100vw - 2rem));
  color: inherit;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: 8px;
  padding: 1rem 1.5rem;
}
dialog::backdrop {
  background: rgb(0 0 0 / 40%);
}
dialog h2,
dialog h3 {
  margin: 0.5rem 0;
}
dialog p {
  margin: 0.35rem 0;
}
#preferences label span {
  display: inline-block;
  min-width: 4rem;
}
kbd {
  display: inline-block;
  min-width: 1.5rem;
  margin-right: 0.2rem;
  padding: 0 0.35rem;
  border: 1px solid var(--line);
  border-radius: 4px;
  text-align: center;
  font: inherit;
  font-size: 0.875rem;
}
@media print {
  header nav,
  header form,
  header button,
  footer,
  .filters form {
    display: none;
  }
  .log {
    max-height: none;
  }
}
`;
