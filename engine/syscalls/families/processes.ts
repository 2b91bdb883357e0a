// Making, running, waiting for and controlling processes and threads.
import {
  descriptor,
  directory,
  flags,
  hex,
  inOut,
  int,
  out,
  outIovec,
  path,
  pointer,
  sentIovec,
  signal,
  size,
  struct,
  syscall,
  unsigned,
  writing,
  written,
} from '../arguments.ts';
import { archPrctlCommands } from '../commands/arch-prctl.ts';
import { prctlCommands } from '../commands/prctl.ts';
import { ptraceCommands } from '../commands/ptrace.ts';
import type { Syscall } from '../model.ts';
import { structs } from '../structs.ts';

/** It waits for nobody: a vfork's wait for the child comes behind the event of the child's start. */
const makesTask = { restart: 'always' } as const;

/** CLONE_PARENT_SETTID | CLONE_PIDFD. What the child writes (CLONE_CHILD_SETTID) belongs to its first event. */
const storesInParent = 0x00100000 | 0x00001000;

/** Fields of clone_args that point to an int: pidfd, parent_tid. */
const cloneArguments = writing(
  struct('cl_args', 'clone_args'),
  written({ from: 'fixed' }, { base: structs.int.bytes, pointerAt: 8 }),
  written({ from: 'fixed' }, { base: structs.int.bytes, pointerAt: 24 }),
);

export const processes: readonly Syscall[] = [
  syscall('fork', [], makesTask),
  syscall('vfork', [], makesTask),
  syscall(
    'clone',
    [
      flags('flags', 'clone'),
      hex('stack'),
      out('parent_tid', 'int', { condition: { argument: 0, mask: storesInParent } }),
      pointer('child_tid'),
      hex('tls'),
    ],
    makesTask,
  ),
  syscall('clone3', [cloneArguments, size('size')], makesTask),
  syscall('execve', [path('pathname'), struct('argv', 'pointer'), struct('envp', 'pointer')]),
  syscall('execveat', [
    directory('dirfd'),
    path('pathname'),
    struct('argv', 'pointer'),
    struct('envp', 'pointer'),
    flags('flags', 'at'),
  ]),
  syscall('exit', [int('status')]),
  syscall('exit_group', [int('status')]),
  // Nothing is written when the result is 0 (WNOHANG).
  syscall(
    'wait4',
    [
      int('pid'),
      out('wstatus', 'int', { inOut: true }),
      flags('options', 'wait'),
      out('rusage', 'rusage', { inOut: true }),
    ],
    { mayBlock: true },
  ),
  // infop is written whatever the result.
  syscall(
    'waitid',
    [
      flags('idtype', 'waitId'),
      int('id'),
      inOut('infop', 'siginfo'),
      flags('options', 'wait'),
      out('rusage', 'rusage', { inOut: true }),
    ],
    { mayBlock: true },
  ),
  syscall('getpid', []),
  syscall('gettid', []),
  syscall('getppid', []),
  syscall('set_tid_address', [pointer('tidptr')]),
  syscall('set_robust_list', [pointer('head'), size('len')]),
  syscall('get_robust_list', [int('pid'), out('head_ptr', 'pointer'), out('len_ptr', 'u64')]),
  syscall('rseq', [struct('rseq', 'rseq'), unsigned('rseq_len'), flags('flags', 'rseq'), unsigned('sig')]),
  syscall('unshare', [flags('flags', 'unshare')]),
  syscall('setns', [descriptor('fd'), flags('nstype', 'unshare')]),
  syscall('kcmp', [int('pid1'), int('pid2'), flags('type', 'kcmp'), hex('idx1'), hex('idx2')]),
  syscall('personality', [flags('persona', 'personality')]),
  syscall('ptrace', [flags('op', 'ptrace'), int('pid'), hex('addr'), hex('data')], { commands: ptraceCommands }),
  syscall('prctl', [flags('option', 'prctl'), hex('arg2'), hex('arg3'), hex('arg4'), hex('arg5')], {
    commands: prctlCommands,
  }),
  syscall('arch_prctl', [flags('code', 'archPrctl'), hex('addr')], { commands: archPrctlCommands }),
  // x86-64 programs get ENOSYS.
  syscall('set_thread_area', [struct('u_info', 'user_desc')]),
  syscall('get_thread_area', [struct('u_info', 'user_desc')]),
  syscall('seccomp', [
    flags('operation', 'seccompOperation'),
    flags('flags', 'seccompFlags'),
    // SECCOMP_GET_NOTIF_SIZES fills it.
    out('args', 'seccomp_notif_sizes', { condition: { argument: 0, mask: 0xffffffff, equals: 3 } }),
  ]),
  syscall('pidfd_open', [int('pid'), flags('flags', 'pidfd')]),
  syscall('pidfd_getfd', [descriptor('pidfd'), int('targetfd'), unsigned('flags')]),
  syscall('pidfd_send_signal', [descriptor('pidfd'), signal('sig'), struct('info', 'siginfo'), unsigned('flags')]),
  syscall('process_vm_readv', [
    int('pid'),
    outIovec('local_iov', 2),
    size('liovcnt'),
    struct('remote_iov', 'iovec'),
    size('riovcnt'),
    unsigned('flags'),
  ]),
  // Writes memory of another process, which is not the caller's out-parameter.
  syscall('process_vm_writev', [
    int('pid'),
    sentIovec('local_iov', 2),
    size('liovcnt'),
    struct('remote_iov', 'iovec'),
    size('riovcnt'),
    unsigned('flags'),
  ]),
  // Made by the kernel's own trampolines for user-space probes.
  syscall('uretprobe', []),
  syscall('uprobe', []),
  syscall('landlock_create_ruleset', [
    struct('attr', 'landlock_ruleset_attr'),
    size('size'),
    flags('flags', 'landlockRuleset'),
  ]),
  syscall('landlock_add_rule', [
    descriptor('ruleset_fd'),
    flags('rule_type', 'landlockRule'),
    pointer('rule_attr'),
    unsigned('flags'),
  ]),
  syscall('landlock_restrict_self', [descriptor('ruleset_fd'), unsigned('flags')]),
  // The u32 at size is the capacity; the kernel stores what it needed there, on E2BIG too.
  syscall('lsm_get_self_attr', [
    unsigned('attr'),
    writing(
      struct('ctx', 'lsm_ctx'),
      written({ from: 'memory', argument: 2, offset: 0, width: 4, updated: false }, { inOut: true, most: 1 << 20 }),
    ),
    inOut('size', 'u32'),
    unsigned('flags'),
  ]),
  syscall('lsm_set_self_attr', [unsigned('attr'), struct('ctx', 'lsm_ctx'), unsigned('size'), unsigned('flags')]),
  syscall('lsm_list_modules', [
    writing(
      struct('ids', 'u64'),
      written({ from: 'memory', argument: 1, offset: 0, width: 4, updated: false }, { inOut: true, most: 1 << 20 }),
    ),
    inOut('size', 'u32'),
    unsigned('flags'),
  ]),
  // Goes on with the call that was interrupted: the registers still hold its arguments.
  syscall('restart_syscall', [], { mayBlock: true }),
];
