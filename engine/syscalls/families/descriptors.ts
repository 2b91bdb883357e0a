// What is done with an open descriptor: transfer, position, locks, copies between descriptors.
import {
  descriptor,
  flags,
  hex,
  inOut,
  long,
  mode,
  out,
  outIovec,
  path,
  resultBytes,
  sending,
  sentBytes,
  sentIovec,
  size,
  string,
  struct,
  syscall,
  unsigned,
} from '../arguments.ts';
import { fcntlCommands } from '../commands/fcntl.ts';
import { ioctlCommands } from '../commands/ioctl.ts';
import type { Syscall } from '../model.ts';

const transfers = { mayBlock: true } as const;
const blocks = { mayBlock: true } as const;

export const descriptors: readonly Syscall[] = [
  syscall('read', [descriptor('fd'), resultBytes('buf', 2), size('count')], transfers),
  syscall('write', [descriptor('fd'), sentBytes('buf', 2), size('count')], transfers),
  syscall('pread64', [descriptor('fd'), resultBytes('buf', 2), size('count'), long('offset')], transfers),
  syscall('pwrite64', [descriptor('fd'), sentBytes('buf', 2), size('count'), long('offset')], transfers),
  // The kernel takes vlen as 64 bits, and refuses more than UIO_MAXIOV.
  syscall('readv', [descriptor('fd'), outIovec('vec', 2), size('vlen')], transfers),
  syscall('writev', [descriptor('fd'), sentIovec('vec', 2), size('vlen')], transfers),
  syscall('preadv', [descriptor('fd'), outIovec('vec', 2), size('vlen'), long('pos_l'), long('pos_h')], blocks),
  syscall('pwritev', [descriptor('fd'), sentIovec('vec', 2), size('vlen'), long('pos_l'), long('pos_h')], blocks),
  syscall(
    'preadv2',
    [descriptor('fd'), outIovec('vec', 2), size('vlen'), long('pos_l'), long('pos_h'), flags('flags', 'readWrite')],
    blocks,
  ),
  syscall(
    'pwritev2',
    [descriptor('fd'), sentIovec('vec', 2), size('vlen'), long('pos_l'), long('pos_h'), flags('flags', 'readWrite')],
    blocks,
  ),
  syscall('lseek', [descriptor('fd'), long('offset'), flags('whence', 'seek')]),
  syscall('close', [descriptor('fd')]),
  syscall('close_range', [unsigned('first'), unsigned('last'), flags('flags', 'closeRange')]),
  syscall('dup', [descriptor('oldfd')]),
  syscall('dup2', [descriptor('oldfd'), descriptor('newfd')]),
  syscall('dup3', [descriptor('oldfd'), descriptor('newfd'), flags('flags', 'dup3')]),
  // Only F_SETLKW and F_OFD_SETLKW wait.
  syscall('fcntl', [descriptor('fd'), flags('cmd', 'fcntl'), hex('arg')], {
    mayBlock: true,
    commands: fcntlCommands,
  }),
  syscall('ioctl', [descriptor('fd'), unsigned('request'), hex('arg')], { mayBlock: true, commands: ioctlCommands }),
  syscall('flock', [descriptor('fd'), flags('operation', 'flock')], blocks),
  syscall('ftruncate', [descriptor('fd'), long('length')]),
  syscall('fallocate', [descriptor('fd'), flags('mode', 'fallocate'), long('offset'), long('len')]),
  syscall('fadvise64', [descriptor('fd'), long('offset'), size('len'), flags('advice', 'advice')]),
  syscall('readahead', [descriptor('fd'), long('offset'), size('count')]),
  syscall('fsync', [descriptor('fd')]),
  syscall('fdatasync', [descriptor('fd')]),
  syscall('sync_file_range', [descriptor('fd'), long('offset'), long('nbytes'), flags('flags', 'syncFileRange')]),
  syscall('syncfs', [descriptor('fd')]),
  syscall('sync', []),
  syscall('cachestat', [
    descriptor('fd'),
    struct('cstat_range', 'cachestat_range'),
    out('cstat', 'cachestat'),
    unsigned('flags'),
  ]),

  // The offset is stored whatever the result.
  syscall('sendfile', [descriptor('out_fd'), descriptor('in_fd'), inOut('offset', 'u64'), size('count')], blocks),
  syscall(
    'splice',
    [
      descriptor('fd_in'),
      inOut('off_in', 'u64'),
      descriptor('fd_out'),
      inOut('off_out', 'u64'),
      size('len'),
      flags('flags', 'splice'),
    ],
    blocks,
  ),
  syscall('tee', [descriptor('fd_in'), descriptor('fd_out'), size('len'), flags('flags', 'splice')], blocks),
  // From the reading end of a pipe it fills the buffers.
  syscall(
    'vmsplice',
    [
      descriptor('fd'),
      sending(outIovec('iov', 2), { from: 'iovec', count: 2 }),
      size('nr_segs'),
      flags('flags', 'splice'),
    ],
    blocks,
  ),
  syscall(
    'copy_file_range',
    [
      descriptor('fd_in'),
      inOut('off_in', 'u64'),
      descriptor('fd_out'),
      inOut('off_out', 'u64'),
      size('len'),
      unsigned('flags'),
    ],
    blocks,
  ),

  syscall('pipe', [out('pipefd', 'int2')]),
  syscall('pipe2', [out('pipefd', 'int2'), flags('flags', 'open')]),
  syscall('memfd_create', [string('name'), flags('flags', 'memfd')]),
  syscall('memfd_secret', [flags('flags', 'descriptorFlags')]),

  // POSIX message queues.
  syscall('mq_open', [path('name'), flags('oflag', 'open'), mode('mode'), struct('attr', 'mq_attr')]),
  syscall('mq_unlink', [path('name')]),
  syscall(
    'mq_timedsend',
    [
      descriptor('mqdes'),
      sentBytes('msg_ptr', 2),
      size('msg_len'),
      unsigned('msg_prio'),
      struct('timeout', 'timespec'),
    ],
    blocks,
  ),
  syscall(
    'mq_timedreceive',
    [
      descriptor('mqdes'),
      resultBytes('msg_ptr', 2),
      size('msg_len'),
      out('msg_prio', 'u32'),
      struct('timeout', 'timespec'),
    ],
    blocks,
  ),
  syscall('mq_notify', [descriptor('mqdes'), struct('sevp', 'sigevent')]),
  syscall('mq_getsetattr', [descriptor('mqdes'), struct('newattr', 'mq_attr'), out('oldattr', 'mq_attr')]),

  // Asynchronous I/O. The recorder answers ENOSYS to io_setup, so the others never have a context, and to all of io_uring.
  syscall('io_setup', [unsigned('nr_events'), inOut('ctxp', 'u64')]),
  syscall('io_destroy', [hex('ctx')]),
  syscall('io_submit', [hex('ctx'), long('nr'), struct('iocbpp', 'pointer')]),
  syscall('io_cancel', [hex('ctx'), struct('iocb', 'iocb'), out('result', 'io_event')]),
  syscall(
    'io_getevents',
    [hex('ctx'), long('min_nr'), long('nr'), out('events', 'io_event'), struct('timeout', 'timespec')],
    { mayBlock: true, restart: 'none' },
  ),
  syscall(
    'io_pgetevents',
    [
      hex('ctx'),
      long('min_nr'),
      long('nr'),
      out('events', 'io_event'),
      struct('timeout', 'timespec'),
      struct('usig', 'iovec'),
    ],
    { mayBlock: true, restart: 'none' },
  ),
  syscall('io_uring_setup', [unsigned('entries'), inOut('params', 'io_uring_params')]),
  syscall(
    'io_uring_enter',
    [
      descriptor('fd'),
      unsigned('to_submit'),
      unsigned('min_complete'),
      flags('flags', 'ioUringEnter'),
      hex('arg'),
      size('argsz'),
    ],
    { mayBlock: true },
  ),
  syscall('io_uring_register', [descriptor('fd'), unsigned('opcode'), hex('arg'), unsigned('nr_args')]),
];
