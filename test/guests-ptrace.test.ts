// Programs that trace others of the same recording.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('ptrace', [
  'attach',
  'attach-refused',
  'attach-threads',
  'calls',
  'child-signals',
  'cut-answers',
  'emulate-calls',
  'exec-threads',
  'odd-requests',
  'other-stops-first',
  'peek-signals',
  'interrupt-stopped',
  'restarts-set',
  'seize',
  'seize-stopped',
  'set-registers',
  'signals',
  'status-file',
  'step',
  'trace-me',
  'tree',
  'wait-handler',
  'wait-info',
  'watch',
]);
