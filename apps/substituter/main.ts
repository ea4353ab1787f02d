/** The substituter: it takes nars, and serves what is offered, signed with the farm's key. */
import { availableParallelism } from 'node:os';
import { NarThreads } from '#adapters/nar-store/nar-threads.js';
import { readSettings } from '#nest/settings.js';
import { startSubstituter } from './substituter.js';

const threads = new NarThreads(Math.min(4, availableParallelism()));
await startSubstituter(readSettings(process.env, 3000), threads);
