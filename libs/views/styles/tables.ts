/** Tables, lists of terms, and how both fold on a phone. */
export const tableStyle = `
.scroll {
  overflow-x: auto;
}
table {
  border-collapse: collapse;
  width: 100%;
}
th,
td {
  text-align: left;
  vertical-align: top;
  padding: 0.45rem 0.9rem 0.45rem 0;
  border-bottom: 1px solid var(--line);
}
td {
  max-width: 36rem;
  overflow-wrap: break-word;
}
th {
  font-size: 0.85rem;
  font-weight: 600;
  color: var(--quiet);
  white-space: nowrap;
}
tbody tr:hover {
  background: var(--card);
}
tr:target {
  outline: 2px solid var(--link);
}
dl {
  display: grid;
  grid-template-columns: minmax(6rem, max-content) 1fr;
  gap: 0.35rem 1.25rem;
  margin: 0;
}
dt {
  color: var(--quiet);
}
dd {
  margin: 0;
  min-width: 0;
  overflow-wrap: anywhere;
}
@media (max-width: 40rem) {
  body {
    font-size: 15px;
  }
  dl {
    grid-template-columns: 1fr;
    gap: 0 0;
  }
  dd {
    margin-bottom: 0.5rem;
  }
  th,
  td {
    padding-right: 0.6rem;
  }
  .scroll table {
    min-width: 34rem;
  }
}
`;
