// Clocks, timers and sleeping.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('time', [
  'adjust',
  { guest: 'clock-values', varies: 'prints the time' },
  'clocks',
  { guest: 'cpuid', varies: 'some leaves name the processor it runs on' },
  { guest: 'getcpu', varies: 'the processor it runs on' },
  'itimer',
  'posix-timer',
  { guest: 'rdrand', varies: 'prints what it read' },
  { guest: 'rdtsc', varies: 'prints what it read' },
  { guest: 'rdtscp', varies: 'prints what it read' },
  'sleep',
  'sleep-interrupted',
  { guest: 'vsyscall', varies: 'prints the time' },
]);
