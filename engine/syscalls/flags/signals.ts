// Flags of calls on signals. Source: the kernel's headers; the test of the table compiles every value against them.
import { bits, oneOf } from './shape.ts';

export const signalsFlags = {
  signalMask: oneOf({
    SIG_BLOCK: 0,
    SIG_UNBLOCK: 1,
    SIG_SETMASK: 2,
  }),
  signalfd: bits({
    SFD_CLOEXEC: 0x80000,
    SFD_NONBLOCK: 0x800,
  }),
};
