// Threads that run one at a time.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('threads', ['create-join', 'end-of-process', 'hand-over']);
