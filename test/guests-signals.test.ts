// Signals: sent, raised by instructions, blocked, waited for, and what handlers see.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('signals', [
  'action',
  { guest: 'alarm-in-computation', varies: 'where the timer interrupts' },
  'alternate-stack',
  'blocked-fault',
  'broken-pipe',
  'child-handler',
  'faults',
  'float-state',
  'frame',
  'group',
  'long-jump',
  'nested',
  'ping-pong',
  'registers',
  'restart',
  'return-changed',
  'segv-longjmp',
  'segv-recover',
  'several-pending',
  'siginfo',
  'suspend',
  'trap-flag',
  'wait-for',
  'while-blocked',
]);
