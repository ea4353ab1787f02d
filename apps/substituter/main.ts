/** The substituter: it takes nars, and serves what is offered, signed with the farm's key. */
import { readSettings } from '#nest/settings.js';
import { startSubstituter } from './substituter.js';

await startSubstituter(readSettings(process.env, 3000));
