/**
 * Sizes in bytes of the kernel's structures for x86-64, and what they are in C, so that the compiler can check them
 * (generate.ts, syscall-checks.inc). `c` is left out for what the headers of Linux 6.1 do not have.
 */
export interface StructShape {
  readonly bytes: number;
  /** The C type, in terms of the kernel's own headers. */
  readonly c?: string;
  /** The kernel's header that declares it, below /usr/include. */
  readonly header?: string;
  /** The C library's header that declares it, where the kernel's cannot be included beside others. */
  readonly libraryHeader?: string;
}

export const structs = {
  char: { bytes: 1, c: 'char' },
  short: { bytes: 2, c: 'short' },
  int: { bytes: 4, c: 'int' },
  int2: { bytes: 8, c: 'int[2]' },
  u32: { bytes: 4, c: '__u32', header: 'linux/types.h' },
  u64: { bytes: 8, c: '__u64', header: 'linux/types.h' },
  long: { bytes: 8, c: 'long' },
  pointer: { bytes: 8, c: 'void *' },

  // Files.
  stat: { bytes: 144, c: 'struct stat', header: 'asm/stat.h' },
  statx: { bytes: 256, c: 'struct statx', header: 'linux/stat.h' },
  statfs: { bytes: 120, c: 'struct statfs', header: 'asm/statfs.h' },
  ustat: { bytes: 32 },
  flock: { bytes: 32, c: 'struct flock', header: 'linux/fcntl.h' },
  f_owner_ex: { bytes: 8, c: 'struct f_owner_ex', header: 'linux/fcntl.h' },
  delegation: { bytes: 8 },
  open_how: { bytes: 24, c: 'struct open_how', header: 'linux/openat2.h' },
  file_handle: { bytes: 8 },
  utimbuf: { bytes: 16, c: 'struct utimbuf', header: 'linux/utime.h' },
  iovec: { bytes: 16, c: 'struct iovec', header: 'linux/uio.h' },
  xattr_args: { bytes: 16 },
  cachestat: { bytes: 40 },
  cachestat_range: { bytes: 16 },

  // Time.
  timespec: { bytes: 16, c: 'struct __kernel_timespec', header: 'linux/time_types.h' },
  timeval: { bytes: 16, c: 'struct __kernel_old_timeval', header: 'linux/time_types.h' },
  timezone: { bytes: 8, c: 'struct timezone', header: 'linux/time.h' },
  itimerval: { bytes: 32, c: 'struct itimerval', header: 'linux/time.h' },
  itimerspec: { bytes: 32, c: 'struct __kernel_itimerspec', header: 'linux/time_types.h' },
  timex: { bytes: 208, c: 'struct __kernel_timex', header: 'linux/timex.h' },
  tms: { bytes: 32, c: 'struct tms', header: 'linux/times.h' },

  // Processes, identity, limits.
  rusage: { bytes: 144, c: 'struct rusage', header: 'linux/resource.h' },
  rlimit: { bytes: 16, c: 'struct rlimit', header: 'linux/resource.h' },
  sysinfo: { bytes: 112, c: 'struct sysinfo', header: 'linux/sysinfo.h' },
  utsname: { bytes: 390, c: 'struct new_utsname', header: 'linux/utsname.h' },
  cap_header: { bytes: 8, c: 'struct __user_cap_header_struct', header: 'linux/capability.h' },
  cap_data2: { bytes: 24, c: 'struct __user_cap_data_struct[2]', header: 'linux/capability.h' },
  clone_args: { bytes: 88, c: 'struct clone_args', header: 'linux/sched.h' },
  sched_param: { bytes: 4, c: 'struct sched_param', libraryHeader: 'sched.h' },
  sched_attr: { bytes: 56, c: 'struct sched_attr', header: 'linux/sched/types.h' },
  user_desc: { bytes: 16, c: 'struct user_desc', header: 'asm/ldt.h' },
  seccomp_notif_sizes: { bytes: 6, c: 'struct seccomp_notif_sizes', header: 'linux/seccomp.h' },
  sock_fprog: { bytes: 16, c: 'struct sock_fprog', header: 'linux/filter.h' },
  sock_filter: { bytes: 8, c: 'struct sock_filter', header: 'linux/filter.h' },
  user_regs: { bytes: 216, c: 'struct user_regs_struct', libraryHeader: 'sys/user.h' },
  user_fpregs: { bytes: 512, c: 'struct user_fpregs_struct', libraryHeader: 'sys/user.h' },
  prctl_mm_map: { bytes: 104, c: 'struct prctl_mm_map', header: 'linux/prctl.h' },
  robust_list_head: { bytes: 24, c: 'struct robust_list_head', header: 'linux/futex.h' },
  rseq: { bytes: 32, c: 'struct rseq', header: 'linux/rseq.h' },
  futex_waitv: { bytes: 24, c: 'struct futex_waitv', header: 'linux/futex.h' },

  // Signals.
  sigset: { bytes: 8, c: 'sigset_t', header: 'asm/signal.h' },
  sigaction: { bytes: 32, c: 'struct sigaction', header: 'asm/signal.h' },
  siginfo: { bytes: 128, c: 'siginfo_t', header: 'asm/siginfo.h' },
  sigevent: { bytes: 64, c: 'struct sigevent', header: 'asm/siginfo.h' },
  stack: { bytes: 24, c: 'stack_t', header: 'asm/signal.h' },

  // Sockets, polling.
  sockaddr: { bytes: 16, c: 'struct sockaddr', libraryHeader: 'sys/socket.h' },
  msghdr: { bytes: 56, c: 'struct msghdr', libraryHeader: 'sys/socket.h' },
  mmsghdr: { bytes: 64, c: 'struct mmsghdr', libraryHeader: 'sys/socket.h' },
  pollfd: { bytes: 8, c: 'struct pollfd', header: 'asm/poll.h' },
  fd_set: { bytes: 128, c: '__kernel_fd_set', header: 'linux/posix_types.h' },
  epoll_event: { bytes: 12, c: 'struct epoll_event', header: 'linux/eventpoll.h' },

  // System V and POSIX IPC, asynchronous I/O.
  msqid_ds: { bytes: 120, c: 'struct msqid64_ds', header: 'linux/msg.h' },
  msginfo: { bytes: 32, c: 'struct msginfo', header: 'linux/msg.h' },
  semid_ds: { bytes: 104, c: 'struct semid64_ds', header: 'linux/sem.h' },
  seminfo: { bytes: 40, c: 'struct seminfo', header: 'linux/sem.h' },
  sembuf: { bytes: 6, c: 'struct sembuf', header: 'linux/sem.h' },
  shmid_ds: { bytes: 112, c: 'struct shmid64_ds', header: 'linux/shm.h' },
  shminfo: { bytes: 72, c: 'struct shminfo64', header: 'linux/shm.h' },
  shm_info: { bytes: 48, c: 'struct shm_info', header: 'linux/shm.h' },
  mq_attr: { bytes: 64, c: 'struct mq_attr', header: 'linux/mqueue.h' },
  io_event: { bytes: 32, c: 'struct io_event', header: 'linux/aio_abi.h' },
  iocb: { bytes: 64, c: 'struct iocb', header: 'linux/aio_abi.h' },
  io_uring_params: { bytes: 120, c: 'struct io_uring_params', header: 'linux/io_uring.h' },

  // Administration.
  quota_block: { bytes: 72, c: 'struct if_dqblk', header: 'linux/quota.h' },
  quota_next_block: { bytes: 72, c: 'struct if_nextdqblk', header: 'linux/quota.h' },
  quota_info: { bytes: 24, c: 'struct if_dqinfo', header: 'linux/quota.h' },
  xfs_quota: { bytes: 112, c: 'struct fs_disk_quota', header: 'linux/dqblk_xfs.h' },
  xfs_quota_stat: { bytes: 80, c: 'struct fs_quota_stat', header: 'linux/dqblk_xfs.h' },
  xfs_quota_statv: { bytes: 160, c: 'struct fs_quota_statv', header: 'linux/dqblk_xfs.h' },
  keyctl_pkey_query: { bytes: 56, c: 'struct keyctl_pkey_query', header: 'linux/keyctl.h' },
  keyctl_pkey_params: { bytes: 40, c: 'struct keyctl_pkey_params', header: 'linux/keyctl.h' },
  perf_event_attr: { bytes: 128, c: 'struct perf_event_attr', header: 'linux/perf_event.h' },
  mount_attr: { bytes: 32, c: 'struct mount_attr', header: 'linux/mount.h' },
  mnt_id_req: { bytes: 32 },
  file_attr: { bytes: 24 },
  landlock_ruleset_attr: { bytes: 8 },
  lsm_ctx: { bytes: 32 },

  // ioctl.
  termios: { bytes: 36, c: 'struct termios', header: 'asm/termbits.h' },
  termios2: { bytes: 44, c: 'struct termios2', header: 'asm/termbits.h' },
  termio: { bytes: 18, c: 'struct termio', header: 'asm/termios.h' },
  winsize: { bytes: 8, c: 'struct winsize', header: 'asm/termios.h' },
  serial_struct: { bytes: 72, c: 'struct serial_struct', header: 'linux/serial.h' },
  serial_icounter_struct: { bytes: 80, c: 'struct serial_icounter_struct', header: 'linux/serial.h' },
  serial_rs485: { bytes: 32, c: 'struct serial_rs485', header: 'linux/serial.h' },
  vt_mode: { bytes: 8, c: 'struct vt_mode', header: 'linux/vt.h' },
  vt_stat: { bytes: 6, c: 'struct vt_stat', header: 'linux/vt.h' },
  kbentry: { bytes: 4, c: 'struct kbentry', header: 'linux/kd.h' },
  kbsentry: { bytes: 513, c: 'struct kbsentry', header: 'linux/kd.h' },
  kbdiacrs: { bytes: 772, c: 'struct kbdiacrs', header: 'linux/kd.h' },
  kbdiacrsuc: { bytes: 3076, c: 'struct kbdiacrsuc', header: 'linux/kd.h' },
  kbkeycode: { bytes: 8, c: 'struct kbkeycode', header: 'linux/kd.h' },
  ifreq: { bytes: 40, c: 'struct ifreq', libraryHeader: 'net/if.h' },
  ifconf: { bytes: 16, c: 'struct ifconf', libraryHeader: 'net/if.h' },
  arpreq: { bytes: 68, c: 'struct arpreq', libraryHeader: 'net/if_arp.h' },
  hwtstamp_config: { bytes: 12, c: 'struct hwtstamp_config', header: 'linux/net_tstamp.h' },
  vlan_ioctl_args: { bytes: 56, c: 'struct vlan_ioctl_args', header: 'linux/if_vlan.h' },
  hd_geometry: { bytes: 16, c: 'struct hd_geometry', header: 'linux/hdreg.h' },
  loop_info: { bytes: 168, c: 'struct loop_info', header: 'linux/loop.h' },
  loop_info64: { bytes: 232, c: 'struct loop_info64', header: 'linux/loop.h' },
  sg_io_hdr: { bytes: 88, c: 'struct sg_io_hdr', libraryHeader: 'scsi/sg.h' },
  fiemap: { bytes: 32, c: 'struct fiemap', header: 'linux/fiemap.h' },
  fiemap_extent: { bytes: 56, c: 'struct fiemap_extent', header: 'linux/fiemap.h' },
  file_dedupe_range: { bytes: 24, c: 'struct file_dedupe_range', header: 'linux/fs.h' },
  file_dedupe_range_info: { bytes: 32, c: 'struct file_dedupe_range_info', header: 'linux/fs.h' },
  cdrom_tochdr: { bytes: 2, c: 'struct cdrom_tochdr', header: 'linux/cdrom.h' },
  cdrom_tocentry: { bytes: 12, c: 'struct cdrom_tocentry', header: 'linux/cdrom.h' },
  cdrom_subchnl: { bytes: 16, c: 'struct cdrom_subchnl', header: 'linux/cdrom.h' },
  cdrom_multisession: { bytes: 8, c: 'struct cdrom_multisession', header: 'linux/cdrom.h' },
  cdrom_mcn: { bytes: 14, c: 'struct cdrom_mcn', header: 'linux/cdrom.h' },
  cdrom_volctrl: { bytes: 4, c: 'struct cdrom_volctrl', header: 'linux/cdrom.h' },
} as const satisfies Record<string, StructShape>;

export type StructName = keyof typeof structs;
