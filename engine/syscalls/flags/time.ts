// Clocks and timers. Source: the kernel's headers; the test of the table compiles every value against them.
import { bits, oneOf } from './shape.ts';

export const timeFlags = {
  clock: oneOf({
    CLOCK_REALTIME: 0,
    CLOCK_MONOTONIC: 1,
    CLOCK_PROCESS_CPUTIME_ID: 2,
    CLOCK_THREAD_CPUTIME_ID: 3,
    CLOCK_MONOTONIC_RAW: 4,
    CLOCK_REALTIME_COARSE: 5,
    CLOCK_MONOTONIC_COARSE: 6,
    CLOCK_BOOTTIME: 7,
    CLOCK_REALTIME_ALARM: 8,
    CLOCK_BOOTTIME_ALARM: 9,
    CLOCK_TAI: 11,
  }),
  timer: bits({
    TIMER_ABSTIME: 1,
  }),
  intervalTimer: oneOf({
    ITIMER_REAL: 0,
    ITIMER_VIRTUAL: 1,
    ITIMER_PROF: 2,
  }),
  timerfd: bits({
    TFD_CLOEXEC: 0x80000,
    TFD_NONBLOCK: 0x800,
  }),
  timerfdSet: bits({
    TFD_TIMER_ABSTIME: 1,
    TFD_TIMER_CANCEL_ON_SET: 2,
  }),
};
