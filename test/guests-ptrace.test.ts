// Programs that trace others of the same recording.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('ptrace', [
  'attach',
  'attach-threads',
  'calls',
  'seize',
  'set-registers',
  'signals',
  'step',
  'trace-me',
  'tree',
  'wait-info',
]);
