/** Names of signals (signal(7), arch/x86/include/uapi/asm/signal.h), by number from 1. */
const names = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
  'SIGUSR1',
  'SIGSEGV',
  'SIGUSR2',
  'SIGPIPE',
  'SIGALRM',
  'SIGTERM',
  'SIGSTKFLT',
  'SIGCHLD',
  'SIGCONT',
  'SIGSTOP',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGURG',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
];

/** The first of the real-time signals, as the kernel counts; the C library keeps 32 and 33 for itself. */
const firstRealTime = 32;
const lastSignal = 64;

/** SIGSEGV for 11, SIGRT_2 for 34; a number that is no signal stands for itself. */
export function signalName(number: number): string {
  if (number >= firstRealTime && number <= lastSignal) return `SIGRT_${number - firstRealTime}`;
  return names[number - 1] ?? `${number}`;
}
