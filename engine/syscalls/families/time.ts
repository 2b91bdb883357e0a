// Clocks, timers and sleeping.
import { descriptor, flags, hex, inOut, int, out, struct, syscall, unsigned } from '../arguments.ts';
import type { Syscall } from '../model.ts';

/** The rest of the time is stored only when the sleep ends early. */
const remaining = (name: string) => out(name, 'timespec', { written: 'failure', inOut: true });

export const time: readonly Syscall[] = [
  syscall('time', [out('tloc', 'long')]),
  syscall('gettimeofday', [out('tv', 'timeval'), out('tz', 'timezone')]),
  syscall('settimeofday', [struct('tv', 'timeval'), struct('tz', 'timezone')]),
  syscall('clock_gettime', [flags('clockid', 'clock'), out('tp', 'timespec')]),
  syscall('clock_getres', [flags('clockid', 'clock'), out('res', 'timespec')]),
  syscall('clock_settime', [flags('clockid', 'clock'), struct('tp', 'timespec')]),
  syscall('clock_adjtime', [flags('clockid', 'clock'), inOut('buf', 'timex')]),
  syscall('adjtimex', [inOut('buf', 'timex')]),
  syscall('times', [out('buf', 'tms')]),
  syscall('nanosleep', [struct('req', 'timespec'), remaining('rem')], { mayBlock: true, restart: 'block' }),
  syscall(
    'clock_nanosleep',
    [flags('clockid', 'clock'), flags('flags', 'timer'), struct('request', 'timespec'), remaining('remain')],
    { mayBlock: true, restart: 'block' },
  ),
  syscall('alarm', [unsigned('seconds')]),
  syscall('getitimer', [flags('which', 'intervalTimer'), out('curr_value', 'itimerval')]),
  syscall('setitimer', [
    flags('which', 'intervalTimer'),
    struct('new_value', 'itimerval'),
    out('old_value', 'itimerval'),
  ]),
  // The id is stored before the last checks.
  syscall('timer_create', [flags('clockid', 'clock'), struct('sevp', 'sigevent'), inOut('timerid', 'int')]),
  syscall('timer_settime', [
    int('timerid'),
    flags('flags', 'timer'),
    struct('new_value', 'itimerspec'),
    out('old_value', 'itimerspec'),
  ]),
  syscall('timer_gettime', [int('timerid'), out('curr_value', 'itimerspec')]),
  syscall('timer_getoverrun', [int('timerid')]),
  syscall('timer_delete', [int('timerid')]),
  syscall('timerfd_create', [flags('clockid', 'clock'), flags('flags', 'timerfd')]),
  syscall('timerfd_settime', [
    descriptor('fd'),
    flags('flags', 'timerfdSet'),
    struct('new_value', 'itimerspec'),
    out('old_value', 'itimerspec'),
  ]),
  syscall('timerfd_gettime', [descriptor('fd'), out('curr_value', 'itimerspec')]),
  // Not bufferable: the recorder answers it by the number of cores that it tells of.
  syscall('getcpu', [out('cpu', 'u32'), out('node', 'u32'), hex('tcache')]),
];
