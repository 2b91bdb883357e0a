// Pipes.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('pipes', ['blocked-reader', { guest: 'huge', limitSeconds: 120 }, 'huge-read', 'many-writers', 'pipe']);
