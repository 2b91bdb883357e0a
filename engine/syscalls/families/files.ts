// Files and directories, by path: open, stat, links, directory entries, extended attributes.
import {
  descriptor,
  device,
  directory,
  flags,
  inOut,
  int,
  long,
  mode,
  out,
  outBytes,
  path,
  pointer,
  resultBytes,
  size,
  string,
  struct,
  syscall,
  unsigned,
  wideFlags,
  writing,
  written,
} from '../arguments.ts';
import type { Syscall } from '../model.ts';

/** Opening a FIFO waits for the other side. */
const opens = { mayBlock: true } as const;

/**
 * A file_handle: its first u32 is the capacity of the handle behind the 8 bytes of the head, at most MAX_HANDLE_SZ
 * (128). The head is written on EOVERFLOW too.
 */
const fileHandle = writing(
  struct('handle', 'file_handle'),
  written(
    { from: 'memory', argument: 2, offset: 0, width: 4, updated: false },
    { base: 8, most: 8 + 128, written: 'always', inOut: true },
  ),
);

/** Pointer to a buffer at the start of a xattr_args, the value of the attribute. */
const attributeValue = writing(
  struct('args', 'xattr_args'),
  written({ from: 'memory', argument: 4, offset: 8, width: 4, updated: false }, { pointerAt: 0, inOut: true }),
);

export const files: readonly Syscall[] = [
  syscall('open', [path('pathname'), flags('flags', 'open'), mode('mode')], { ...opens, bufferable: true }),
  syscall('creat', [path('pathname'), mode('mode')], opens),
  syscall('openat', [directory('dirfd'), path('pathname'), flags('flags', 'open'), mode('mode')], {
    ...opens,
    bufferable: true,
  }),
  syscall('openat2', [directory('dirfd'), path('pathname'), struct('how', 'open_how'), size('size')], opens),
  syscall('stat', [path('pathname'), out('statbuf', 'stat')], { bufferable: true }),
  syscall('lstat', [path('pathname'), out('statbuf', 'stat')], { bufferable: true }),
  syscall('fstat', [descriptor('fd'), out('statbuf', 'stat')], { bufferable: true }),
  syscall('newfstatat', [directory('dirfd'), path('pathname'), out('statbuf', 'stat'), flags('flags', 'at')], {
    bufferable: true,
  }),
  syscall(
    'statx',
    [directory('dirfd'), path('pathname'), flags('flags', 'at'), flags('mask', 'statxMask'), out('statxbuf', 'statx')],
    { bufferable: true },
  ),
  syscall('statfs', [path('pathname'), out('buf', 'statfs')], { bufferable: true }),
  syscall('fstatfs', [descriptor('fd'), out('buf', 'statfs')], { bufferable: true }),
  syscall('ustat', [device('dev'), out('ubuf', 'ustat')]),
  syscall('access', [path('pathname'), flags('mode', 'access')], { bufferable: true }),
  syscall('faccessat', [directory('dirfd'), path('pathname'), flags('mode', 'access')], { bufferable: true }),
  syscall('faccessat2', [directory('dirfd'), path('pathname'), flags('mode', 'access'), flags('flags', 'accessFlags')]),
  syscall('readlink', [path('pathname'), resultBytes('buf', 2), int('bufsiz')], { bufferable: true }),
  syscall('readlinkat', [directory('dirfd'), path('pathname'), resultBytes('buf', 3), int('bufsiz')], {
    bufferable: true,
  }),

  syscall('chdir', [path('path')]),
  syscall('fchdir', [descriptor('fd')]),
  syscall('getcwd', [resultBytes('buf', 1), size('size')], { bufferable: true }),
  syscall('chroot', [path('path')]),
  syscall('umask', [mode('mask')]),
  syscall('rename', [path('oldpath'), path('newpath')]),
  syscall('renameat', [directory('olddirfd'), path('oldpath'), directory('newdirfd'), path('newpath')]),
  syscall('renameat2', [
    directory('olddirfd'),
    path('oldpath'),
    directory('newdirfd'),
    path('newpath'),
    flags('flags', 'rename'),
  ]),
  syscall('mkdir', [path('pathname'), mode('mode')]),
  syscall('mkdirat', [directory('dirfd'), path('pathname'), mode('mode')]),
  syscall('rmdir', [path('pathname')]),
  syscall('link', [path('oldpath'), path('newpath')]),
  syscall('linkat', [
    directory('olddirfd'),
    path('oldpath'),
    directory('newdirfd'),
    path('newpath'),
    flags('flags', 'at'),
  ]),
  syscall('symlink', [path('target'), path('linkpath')]),
  syscall('symlinkat', [path('target'), directory('newdirfd'), path('linkpath')]),
  syscall('unlink', [path('pathname')]),
  syscall('unlinkat', [directory('dirfd'), path('pathname'), flags('flags', 'at')]),
  syscall('mknod', [path('pathname'), mode('mode'), device('dev')]),
  syscall('mknodat', [directory('dirfd'), path('pathname'), mode('mode'), device('dev')]),
  syscall('chmod', [path('pathname'), mode('mode')]),
  syscall('fchmod', [descriptor('fd'), mode('mode')]),
  syscall('fchmodat', [directory('dirfd'), path('pathname'), mode('mode')]),
  syscall('fchmodat2', [directory('dirfd'), path('pathname'), mode('mode'), flags('flags', 'at')]),
  syscall('chown', [path('pathname'), int('owner'), int('group')]),
  syscall('fchown', [descriptor('fd'), int('owner'), int('group')]),
  syscall('lchown', [path('pathname'), int('owner'), int('group')]),
  syscall('fchownat', [directory('dirfd'), path('pathname'), int('owner'), int('group'), flags('flags', 'at')]),
  syscall('utime', [path('filename'), struct('times', 'utimbuf')]),
  syscall('utimes', [path('filename'), struct('times', 'timeval')]),
  syscall('futimesat', [directory('dirfd'), path('pathname'), struct('times', 'timeval')]),
  syscall('utimensat', [directory('dirfd'), path('pathname'), struct('times', 'timespec'), flags('flags', 'at')]),
  syscall('truncate', [path('path'), long('length')]),
  syscall('getdents', [descriptor('fd'), resultBytes('dirp', 2), unsigned('count')], { bufferable: true }),
  syscall('getdents64', [descriptor('fd'), resultBytes('dirp', 2), unsigned('count')], { bufferable: true }),
  syscall('name_to_handle_at', [
    directory('dirfd'),
    path('pathname'),
    fileHandle,
    // An int, or with AT_HANDLE_MNT_ID_UNIQUE a u64.
    inOut('mount_id', 'u64'),
    flags('flags', 'handle'),
  ]),
  syscall(
    'open_by_handle_at',
    [descriptor('mount_fd'), struct('handle', 'file_handle'), flags('flags', 'open')],
    opens,
  ),
  syscall('file_getattr', [
    directory('dirfd'),
    path('pathname'),
    outBytes('attr', 3, { most: 4096, inOut: true }),
    size('size'),
    flags('flags', 'at'),
  ]),
  syscall('file_setattr', [
    directory('dirfd'),
    path('pathname'),
    struct('attr', 'file_attr'),
    size('size'),
    flags('flags', 'at'),
  ]),

  syscall('setxattr', [path('path'), string('name'), pointer('value'), size('size'), flags('flags', 'xattr')]),
  syscall('lsetxattr', [path('path'), string('name'), pointer('value'), size('size'), flags('flags', 'xattr')]),
  syscall('fsetxattr', [descriptor('fd'), string('name'), pointer('value'), size('size'), flags('flags', 'xattr')]),
  syscall('setxattrat', [
    directory('dirfd'),
    path('pathname'),
    flags('at_flags', 'at'),
    string('name'),
    struct('args', 'xattr_args'),
    size('size'),
  ]),
  syscall('getxattr', [path('path'), string('name'), resultBytes('value', 3), size('size')]),
  syscall('lgetxattr', [path('path'), string('name'), resultBytes('value', 3), size('size')]),
  syscall('fgetxattr', [descriptor('fd'), string('name'), resultBytes('value', 3), size('size')]),
  syscall('getxattrat', [
    directory('dirfd'),
    path('pathname'),
    flags('at_flags', 'at'),
    string('name'),
    attributeValue,
    size('size'),
  ]),
  syscall('listxattr', [path('path'), resultBytes('list', 2), size('size')]),
  syscall('llistxattr', [path('path'), resultBytes('list', 2), size('size')]),
  syscall('flistxattr', [descriptor('fd'), resultBytes('list', 2), size('size')]),
  syscall('listxattrat', [
    directory('dirfd'),
    path('pathname'),
    flags('at_flags', 'at'),
    resultBytes('list', 4),
    size('size'),
  ]),
  syscall('removexattr', [path('path'), string('name')]),
  syscall('lremovexattr', [path('path'), string('name')]),
  syscall('fremovexattr', [descriptor('fd'), string('name')]),
  syscall('removexattrat', [directory('dirfd'), path('pathname'), flags('at_flags', 'at'), string('name')]),

  syscall('inotify_init', []),
  syscall('inotify_init1', [flags('flags', 'inotifyInit')]),
  syscall('inotify_add_watch', [descriptor('fd'), path('pathname'), flags('mask', 'inotifyMask')]),
  syscall('inotify_rm_watch', [descriptor('fd'), int('wd')]),
  syscall('fanotify_init', [flags('flags', 'fanotifyInit'), flags('event_f_flags', 'open')]),
  syscall('fanotify_mark', [
    descriptor('fanotify_fd'),
    flags('flags', 'fanotifyMark'),
    wideFlags('mask', 'fanotifyMask'),
    directory('dirfd'),
    path('pathname'),
  ]),
];
