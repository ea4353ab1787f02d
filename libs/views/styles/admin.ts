/** What the pages of /admin alone have: a sheet of its own. */
export const adminStyle = ``;
