// futex, by operation: only those that change the word itself are listed with an out-parameter (kernel/futex/).
import { command, inOut, silent, unsigned } from '../arguments.ts';
import type { Commands } from '../model.ts';

const lock = { 0: inOut('uaddr', 'u32') };
const second = { 3: unsigned('val2'), 4: inOut('uaddr2', 'u32') };

export const futexCommands: Commands = {
  argument: 1,
  // FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME are no part of it.
  mask: 0x7f,
  list: [
    ...silent({ FUTEX_WAIT: 0, FUTEX_WAKE: 1, FUTEX_FD: 2, FUTEX_REQUEUE: 3, FUTEX_CMP_REQUEUE: 4 }),
    command('FUTEX_WAKE_OP', 5, second),
    command('FUTEX_LOCK_PI', 6, lock),
    command('FUTEX_UNLOCK_PI', 7, lock),
    command('FUTEX_TRYLOCK_PI', 8, lock),
    ...silent({ FUTEX_WAIT_BITSET: 9, FUTEX_WAKE_BITSET: 10 }),
    command('FUTEX_WAIT_REQUEUE_PI', 11, { 4: inOut('uaddr2', 'u32') }),
    command('FUTEX_CMP_REQUEUE_PI', 12, second),
    command('FUTEX_LOCK_PI2', 13, lock),
  ],
  otherwise: 'none',
};
