// The syscall buffer where programs make it hard: signals, tasks that come and go, memory, filters.
// Parts: 2
import { forcedStopsMode } from './harness/forced-stops.ts';
import { runGuestTests } from './harness/guest-tests.ts';
import { busyModes, contained } from './harness/modes.ts';

const interrupted = 'where signals come';

runGuestTests(
  'buffer',
  [
    'all-closed',
    'bad-pointers',
    { guest: 'blocked-readers', varies: 'how far the threads are' },
    'broken-pipe',
    'buffer-full',
    { guest: 'dies-computing', varies: interrupted },
    'exec-from-thread',
    'far-apart',
    'filters',
    { guest: 'jump-out', varies: interrupted },
    { guest: 'killed', varies: interrupted },
    'library',
    'many-threads',
    'map-over',
    'own-pages',
    'padded-returns',
    'readlinks',
    'self-stepping',
    { guest: 'sent-signals', varies: interrupted },
    'shared-memory-child',
    'small-stacks',
    { guest: 'stopped-threads', varies: 'whose turn it is' },
    { guest: 'storm', varies: interrupted },
    'trap-flag',
    { guest: 'trap-ignored', varies: interrupted },
    'tree',
    'unmap-all',
    'unmap-too-much',
    'text-changed',
  ],
  busyModes,
);

// A forced stop is put off where a trap of the program's own waits or is due.
const stopped = [...busyModes, contained].map((mode) => forcedStopsMode('100-300', mode));
runGuestTests('buffer', ['trap-flag', 'self-stepping'], stopped);
runGuestTests('time-stamps', ['stepped'], stopped);
// The next forced stop is due before the task has left the hook.
runGuestTests(
  'buffer',
  ['readlinks'],
  ['2-8', '5-20', '10-40'].map((period) => forcedStopsMode(period)),
);
