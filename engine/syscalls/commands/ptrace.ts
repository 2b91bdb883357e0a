// ptrace, by request: what it stores in the caller. What it changes in the traced task is not an out-parameter.
import { command, hex, out, outBytes, resultBytes, size, struct, writing, written } from '../arguments.ts';
import { flagTables } from '../flags/index.ts';
import type { Command, Commands } from '../model.ts';
import { structs } from '../structs.ts';
import { withOthers } from './others.ts';

/** The library's PEEK requests return the word; the kernel's store it. */
const peeked = { 3: out('data', 'long') };

/** An iovec: the buffer, and its length, which the kernel corrects. */
const registerSet = writing(
  struct('iov', 'iovec'),
  written({ from: 'memory', argument: 3, offset: 8, width: 8, updated: true }, { pointerAt: 0, inOut: true }),
  written({ from: 'fixed' }, { base: structs.iovec.bytes, inOut: true }),
);

const pointing: readonly Command[] = [
  command('PTRACE_PEEKTEXT', 1, peeked),
  command('PTRACE_PEEKDATA', 2, peeked),
  command('PTRACE_PEEKUSR', 3, peeked),
  command('PTRACE_GETREGS', 12, { 3: out('data', 'user_regs') }),
  command('PTRACE_GETFPREGS', 14, { 3: out('data', 'user_fpregs') }),
  command('PTRACE_GET_THREAD_AREA', 25, { 3: out('data', 'user_desc') }),
  // addr is the pointer, data the code.
  command('PTRACE_ARCH_PRCTL', 30, { 2: out('addr', 'u64', { inOut: true }), 3: hex('code') }),
  command('PTRACE_GETEVENTMSG', 0x4201, { 3: out('data', 'long') }),
  command('PTRACE_GETSIGINFO', 0x4202, { 3: out('data', 'siginfo') }),
  command('PTRACE_GETREGSET', 0x4204, { 2: hex('type'), 3: registerSet }),
  command('PTRACE_PEEKSIGINFO', 0x4209, {
    3: writing(struct('data', 'siginfo'), written({ from: 'result' }, { element: structs.siginfo.bytes })),
  }),
  command('PTRACE_GETSIGMASK', 0x420a, { 2: size('size'), 3: outBytes('data', 2, { most: 8 }) }),
  command('PTRACE_SECCOMP_GET_FILTER', 0x420c, {
    3: writing(struct('data', 'sock_filter'), written({ from: 'result' }, { element: structs.sock_filter.bytes })),
  }),
  command('PTRACE_SECCOMP_GET_METADATA', 0x420d, { 2: size('size'), 3: resultBytes('data', 2, { inOut: true }) }),
  command('PTRACE_GET_SYSCALL_INFO', 0x420e, { 2: size('size'), 3: resultBytes('data', 2) }),
  command('PTRACE_GET_RSEQ_CONFIGURATION', 0x420f, { 2: size('size'), 3: resultBytes('data', 2) }),
  command('PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG', 0x4211, {
    2: size('size'),
    3: outBytes('data', 2, { most: 4096 }),
  }),
];

export const ptraceCommands: Commands = {
  argument: 0,
  mask: 0xffffffff,
  list: withOthers(pointing, flagTables.ptrace),
  otherwise: 'none',
};
