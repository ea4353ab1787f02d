/** Names under which the gateway's parts are injected. */
export const WORKER_STORE = Symbol('worker store');
