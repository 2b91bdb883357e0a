// rdtsc and rdtscp that are executed often, and come to be patched like system calls.
import { runGuestTests } from './harness/guest-tests.ts';
import { busyModes } from './harness/modes.ts';
import { mixed, ownTrap, text } from './harness/time-stamp-guests.ts';

runGuestTests(
  'time-stamps',
  [
    'adjacent',
    'dropped',
    { guest: 'frequency', varies: 'prints what it measured' },
    mixed,
    ownTrap,
    'registers',
    { guest: 'signals', varies: 'where signals come' },
    'stepped',
    text,
    'threads',
  ],
  busyModes,
);
