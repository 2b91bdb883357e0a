// Resource limits and usage, scheduling, random numbers.
import {
  bytes,
  flags,
  int,
  out,
  outBytes,
  resultBytes,
  size,
  struct,
  syscall,
  unsigned,
  writing,
  written,
} from '../arguments.ts';
import type { Syscall } from '../model.ts';

/** A structure that tells its own size in a u32; the kernel corrects that when it answers E2BIG. */
const sized = (name: string, offset: number) =>
  writing(
    struct(name, 'sched_attr'),
    written({ from: 'fixed' }, { base: offset + 4, written: 'failure', inOut: true }),
  );

export const limits: readonly Syscall[] = [
  syscall('getrlimit', [flags('resource', 'resource'), out('rlim', 'rlimit')]),
  syscall('setrlimit', [flags('resource', 'resource'), struct('rlim', 'rlimit')]),
  syscall('prlimit64', [
    int('pid'),
    flags('resource', 'resource'),
    struct('new_limit', 'rlimit'),
    out('old_limit', 'rlimit'),
  ]),
  syscall('getrusage', [flags('who', 'usage'), out('usage', 'rusage')]),
  syscall('sysinfo', [out('info', 'sysinfo')]),

  // Not bufferable: the recorder lets others run. It answers sched_getaffinity and getcpu itself.
  syscall('sched_yield', []),
  syscall('sched_setparam', [int('pid'), struct('param', 'sched_param')]),
  syscall('sched_getparam', [int('pid'), out('param', 'sched_param')]),
  syscall('sched_setscheduler', [int('pid'), flags('policy', 'scheduler'), struct('param', 'sched_param')]),
  syscall('sched_getscheduler', [int('pid')]),
  syscall('sched_get_priority_max', [flags('policy', 'scheduler')]),
  syscall('sched_get_priority_min', [flags('policy', 'scheduler')]),
  syscall('sched_rr_get_interval', [int('pid'), out('tp', 'timespec')]),
  syscall('sched_setaffinity', [int('pid'), unsigned('len'), bytes('mask', 1)]),
  // The result is the number of bytes written.
  syscall('sched_getaffinity', [int('pid'), unsigned('len'), resultBytes('mask', 1)]),
  syscall('sched_setattr', [int('pid'), sized('attr', 0), unsigned('flags')]),
  syscall('sched_getattr', [
    int('pid'),
    outBytes('attr', 2, { inOut: true, most: 4096 }),
    unsigned('size'),
    unsigned('flags'),
  ]),
  syscall('ioprio_set', [flags('which', 'ioPriority'), int('who'), int('ioprio')]),
  syscall('ioprio_get', [flags('which', 'ioPriority'), int('who')]),

  syscall('getrandom', [resultBytes('buf', 1), size('buflen'), flags('flags', 'random')], {
    mayBlock: true,
  }),
];
