// The whole table, out of its families.
import { administration } from './families/administration.ts';
import { descriptors } from './families/descriptors.ts';
import { files } from './families/files.ts';
import { identity } from './families/identity.ts';
import { ipc } from './families/ipc.ts';
import { limits } from './families/limits.ts';
import { memory } from './families/memory.ts';
import { poll } from './families/poll.ts';
import { processes } from './families/processes.ts';
import { signals } from './families/signals.ts';
import { sockets } from './families/sockets.ts';
import { time } from './families/time.ts';
import type { Syscall } from './model.ts';

/** Every system call that numbers.ts names, in no particular order. */
export const syscalls: readonly Syscall[] = [
  ...files,
  ...descriptors,
  ...memory,
  ...processes,
  ...time,
  ...identity,
  ...limits,
  ...signals,
  ...sockets,
  ...poll,
  ...ipc,
  ...administration,
];
