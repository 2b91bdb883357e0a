/**
 * gdb's own numbers of signals (include/gdb/signals.def in its sources; "gdbsig" in its manual's "Remote Protocol"), which
 * are the same for all systems, by Linux's numbers.
 */
const gdbNumbers: Readonly<Record<number, number>> = {
  1: 1,
  2: 2,
  3: 3,
  4: 4,
  5: 5,
  6: 6,
  7: 10, // SIGBUS
  8: 8,
  9: 9,
  10: 30, // SIGUSR1
  11: 11,
  12: 31, // SIGUSR2
  13: 13,
  14: 14,
  15: 15,
  17: 20, // SIGCHLD
  18: 19, // SIGCONT
  19: 17, // SIGSTOP
  20: 18, // SIGTSTP
  21: 21,
  22: 22,
  23: 16, // SIGURG
  24: 24,
  25: 25,
  26: 26,
  27: 27,
  28: 28,
  29: 23, // SIGIO
  30: 32, // SIGPWR
  31: 12, // SIGSYS
};

/** GDB_SIGNAL_REALTIME_32 and _64 stand apart from _33 to _63. */
const realTime32 = 77;
const realTime33 = 45;
const realTime64 = 78;
const unknown = 143;

const linuxNumbers: ReadonlyMap<number, number> = new Map(
  Array.from({ length: 64 }, (_, index): [number, number] => [toGdbSignal(index + 1), index + 1]),
);

/** gdb's number of a Linux signal. */
export function toGdbSignal(signal: number): number {
  if (signal === 0) return 0;
  if (signal === 32) return realTime32;
  if (signal === 64) return realTime64;
  if (signal > 32 && signal < 64) return realTime33 + signal - 33;
  return gdbNumbers[signal] ?? unknown;
}

/** Linux's number; undefined for a signal that it does not have. */
export function fromGdbSignal(signal: number): number | undefined {
  return linuxNumbers.get(signal);
}
