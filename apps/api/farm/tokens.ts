/** The names under which the parts of a farm that are interfaces or values are injected. */
export const SETTINGS = Symbol('settings');
export const BUS = Symbol('bus');
export const LOG_STORE = Symbol('log store');
/** Where build products lie. */
export const NAR_STORE = Symbol('nar store');
export const POLL_TIMERS = Symbol('poll timers');
export const SPECIFICATIONS = Symbol('specification store');
/** Starts an evaluation once more, at the same checkouts. */
export const RETRIES = Symbol('evaluation retries');
export const QUEUE = Symbol('queue connection');
/** The admin's bearer token. */
export const ADMIN_TOKEN = Symbol('admin token');
/** The secret that the farm's own processes share. */
export const SERVICE_TOKEN = Symbol('service token');
