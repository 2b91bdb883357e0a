// Where rdtsc does not trap it is replaced in the code of files, and so is cpuid: here wherever it would trap, too.
import { runGuestTests } from './harness/guest-tests.ts';
import type { RecordingMode } from './harness/modes.ts';
import { mixed, ownTrap, text } from './harness/time-stamp-guests.ts';

const replaced: RecordingMode = {
  name: 'replaced',
  globalOptions: [],
  recordOptions: ['--replace-rdtsc', '--patch-after', '1'],
};
const unbuffered: RecordingMode = {
  name: 'replaced -n',
  globalOptions: ['-C', 'every:100'],
  recordOptions: ['--replace-rdtsc', '-n'],
};
const modes = [replaced, unbuffered];

runGuestTests(
  'time',
  [
    { guest: 'cpuid', varies: 'some leaves name the processor it runs on' },
    { guest: 'rdrand', varies: 'prints what it read' },
    { guest: 'rdtsc', varies: 'prints what it read' },
    { guest: 'rdtscp', varies: 'prints what it read' },
  ],
  modes,
);
runGuestTests(
  'time-stamps',
  [
    'adjacent',
    mixed,
    ownTrap,
    'registers',
    { guest: 'signals', varies: 'where signals come' },
    'stepped',
    { ...text, varies: 'it reads its own bytes' },
    'threads',
  ],
  modes,
);
