// Calls that the in-tracee runtime records without a stop: each again and again, since a site is patched at its first call
// only when that ends (mode `eager`).
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('buffered', [
  'children',
  'descriptor-calls',
  'futexes',
  'many-events',
  'mask-changes',
  'memberships',
  'path-calls',
  'polling',
  'socket-calls',
]);
