/** What the log page alone has: a sheet of its own. */
export const logStyle = ``;
