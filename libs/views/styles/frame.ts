/** The frame of every page: header, navigation, footer, and what is printed. */
export const frameStyle = `
header,
main,
footer {
  max-width: 76rem;
  margin: 0 auto;
  padding: 0 1rem;
}
header {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
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
  gap: 1.1rem;
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
@media print {
  header nav,
  footer,
  .filters form {
    display: none;
  }
  .log {
    max-height: none;
  }
}
`;
