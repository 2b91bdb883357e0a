// Who the program is and what it may: ids, limits, scheduling, prctl, the state it starts with.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('identity', [
  'address-space-limit',
  'administration',
  'capabilities',
  { guest: 'environment', args: ['one', '', 'three words here'], env: { GUEST_A: '1', GUEST_EMPTY: '' } },
  'ids',
  'landlock',
  'limits',
  'little-address-space',
  'no-randomize',
  'personality',
  'personality-file',
  'prctl',
  { guest: 'random', varies: 'prints random bytes and addresses' },
  'randomize-again',
  'schedule',
  'state',
  'system',
]);
