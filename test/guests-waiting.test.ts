// Waiting for descriptors, counters, timers, signals and futexes.
import { runGuestTests } from './harness/guest-tests.ts';

runGuestTests('waiting', ['epoll', 'eventfd', 'futex', 'futex2', 'poll', 'select', 'signalfd', 'timerfd']);
