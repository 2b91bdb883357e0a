// Pseudo-terminals and ioctl.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('terminals', ['controlling', 'pseudo-terminal', 'unknown-ioctl']);
