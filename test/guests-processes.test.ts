// Processes: made, replaced, waited for, stopped and killed.
import { type GuestRow, runGuestTests } from './harness/guest-tests.ts';

const signalCount = 31;
const killedBy = Array.from(
  { length: signalCount },
  (_, index): GuestRow => ({ guest: 'killed-by', title: `signal ${index + 1}`, args: [String(index + 1)] }),
);

runGuestTests('processes', [
  'abort',
  'clear-environment',
  'clone',
  'clone-shapes',
  'clone-untraced',
  'clone3',
  'clone3-shapes',
  'crash',
  'daemon',
  'drop-user',
  'exec',
  'exec-by-descriptor',
  'exec-errors',
  'exec-many',
  'exec-script',
  'exec-with-locks',
  'exit-codes',
  'fork',
  'kill-child',
  'left-behind',
  'namespace-end',
  'namespace-fault',
  'no-libc',
  'orphan',
  'owner-died',
  'pipeline',
  'rusage',
  'sessions',
  'signal-deaths',
  'spawn',
  'states-seen',
  'static',
  'stopped-child',
  'vfork',
  'wait4',
  'waitid',
  ...killedBy,
]);
