import type { Syscall } from './model.ts';
import { type SyscallName, syscallNumbers } from './numbers.ts';

const execute = 'mmap munmap mprotect pkey_mprotect mremap madvise shmat shmdt brk'.split(' ');
const special =
  'fork vfork clone clone3 execve execveat exit exit_group rt_sigreturn restart_syscall'.split(' ');
const block =
  'read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 open openat openat2 creat poll ppoll select pselect6 pause nanosleep clock_nanosleep accept accept4 connect recvfrom recvmsg recvmmsg sendto sendmsg sendmmsg sendfile splice tee vmsplice wait4 waitid rt_sigtimedwait rt_sigsuspend epoll_wait epoll_pwait epoll_pwait2 futex futex_waitv flock fcntl msgsnd msgrcv semop semtimedop mq_timedsend mq_timedreceive ioctl fsync fdatasync copy_file_range close execve vfork getrandom io_getevents restart_syscall'.split(' ');

/** Every system call, in no order. */
export const syscalls: readonly Syscall[] = (Object.keys(syscallNumbers) as SyscallName[]).map((name) => ({
  name,
  arguments: [],
  mayBlock: block.includes(name),
  restart: 'system',
  bufferable: false,
  replay: execute.includes(name) ? 'execute' : special.includes(name) ? 'special' : 'emulate',
  modelled: true,
}));
