/**
 * The system calls that the in-tracee runtime records without a stop, and which part of it does (preload/record.c has a
 * function for each). A call that is not here always stops for the tracer: because the recorder must act on it, because
 * replay executes it, or because it is rare.
 */
import type { SyscallName } from './numbers.ts';

export const bufferFamilies = [
  /** Never buffered. */
  'traced',
  /** Does not block; what it writes is what the table says. */
  'plain',
  /** Transfers from a descriptor (first argument) that may have nothing yet. */
  'read',
  'readVector',
  /** Transfers to a descriptor (first argument) that may be full, or the recorder's own output. */
  'write',
  'writeVector',
] as const;

export type BufferFamily = (typeof bufferFamilies)[number];

export const buffered: Partial<Readonly<Record<SyscallName, BufferFamily>>> = {
  // Files and descriptors.
  open: 'plain',
  openat: 'plain',
  close: 'plain',
  stat: 'plain',
  lstat: 'plain',
  fstat: 'plain',
  newfstatat: 'plain',
  statx: 'plain',
  statfs: 'plain',
  fstatfs: 'plain',
  access: 'plain',
  faccessat: 'plain',
  faccessat2: 'plain',
  readlink: 'plain',
  readlinkat: 'plain',
  getcwd: 'plain',
  getdents: 'plain',
  getdents64: 'plain',
  lseek: 'plain',
  read: 'read',
  pread64: 'read',
  readv: 'readVector',
  preadv: 'readVector',
  write: 'write',
  pwrite64: 'write',
  writev: 'writeVector',
  pwritev: 'writeVector',
  // Who and when.
  getpid: 'plain',
  gettid: 'plain',
  getppid: 'plain',
  getuid: 'plain',
  getgid: 'plain',
  geteuid: 'plain',
  getegid: 'plain',
  getpgid: 'plain',
  getpgrp: 'plain',
  getsid: 'plain',
  time: 'plain',
  gettimeofday: 'plain',
  clock_gettime: 'plain',
  clock_getres: 'plain',
  times: 'plain',
  getcpu: 'plain',
  getrusage: 'plain',
  sysinfo: 'plain',
  getrandom: 'plain',
};
