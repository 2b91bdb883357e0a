// Limits, scheduling and random numbers. Source: the kernel's headers; the test of the table compiles every value against them.
import { bits, oneOf } from './shape.ts';

export const limitsFlags = {
  resource: oneOf({
    RLIMIT_CPU: 0,
    RLIMIT_FSIZE: 1,
    RLIMIT_DATA: 2,
    RLIMIT_STACK: 3,
    RLIMIT_CORE: 4,
    RLIMIT_RSS: 5,
    RLIMIT_NPROC: 6,
    RLIMIT_NOFILE: 7,
    RLIMIT_MEMLOCK: 8,
    RLIMIT_AS: 9,
    RLIMIT_LOCKS: 10,
    RLIMIT_SIGPENDING: 11,
    RLIMIT_MSGQUEUE: 12,
    RLIMIT_NICE: 13,
    RLIMIT_RTPRIO: 14,
    RLIMIT_RTTIME: 15,
  }),
  usage: oneOf({
    RUSAGE_SELF: 0,
    RUSAGE_CHILDREN: -1,
    RUSAGE_THREAD: 1,
  }),
  priority: oneOf({
    PRIO_PROCESS: 0,
    PRIO_PGRP: 1,
    PRIO_USER: 2,
  }),
  scheduler: bits(
    {
      SCHED_RESET_ON_FORK: 0x40000000,
    },
    {
      mask: 0xf,
      values: {
        SCHED_OTHER: 0,
        SCHED_FIFO: 1,
        SCHED_RR: 2,
        SCHED_BATCH: 3,
        SCHED_IDLE: 5,
        SCHED_DEADLINE: 6,
        SCHED_EXT: 7,
      },
    },
  ),
  random: bits({
    GRND_NONBLOCK: 1,
    GRND_RANDOM: 2,
    GRND_INSECURE: 4,
  }),
};
