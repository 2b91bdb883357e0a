// What administrators' programs call: mounts, modules, quotas, tracing; and what no longer exists.
import {
  descriptor,
  directory,
  flags,
  hex,
  int,
  outBytes,
  path,
  pointer,
  resultArray,
  resultBytes,
  sentBytes,
  size,
  string,
  struct,
  syscall,
  unsigned,
  wideFlags,
  writing,
  written,
} from '../arguments.ts';
import { bpfAttributes, bpfCommands } from '../commands/bpf.ts';
import { quotaCommands, quotaDescriptorCommands } from '../commands/quota.ts';
import { syslogCommands } from '../commands/syslog.ts';
import type { Syscall } from '../model.ts';
import type { SyscallName } from '../numbers.ts';

/** The kernel answers ENOSYS to all of these, in every version that we run on. */
const gone: readonly SyscallName[] = [
  'uselib',
  '_sysctl',
  'create_module',
  'get_kernel_syms',
  'query_module',
  'nfsservctl',
  'getpmsg',
  'putpmsg',
  'afs_syscall',
  'tuxcall',
  'security',
  'vserver',
];

export const administration: readonly Syscall[] = [
  ...gone.map((name) => syscall(name, [])),
  syscall('mount', [
    string('source'),
    path('target'),
    string('filesystemtype'),
    flags('mountflags', 'mount'),
    pointer('data'),
  ]),
  syscall('umount2', [path('target'), flags('flags', 'umount')]),
  syscall('pivot_root', [path('new_root'), path('put_old')]),
  syscall('open_tree', [directory('dirfd'), path('pathname'), flags('flags', 'openTree')]),
  syscall('open_tree_attr', [
    directory('dirfd'),
    path('pathname'),
    flags('flags', 'openTree'),
    struct('attr', 'mount_attr'),
    size('size'),
  ]),
  syscall('move_mount', [
    directory('from_dirfd'),
    path('from_pathname'),
    directory('to_dirfd'),
    path('to_pathname'),
    flags('flags', 'moveMount'),
  ]),
  syscall('fsopen', [string('fsname'), flags('flags', 'fsopen')]),
  syscall('fsconfig', [descriptor('fs_fd'), flags('cmd', 'fsconfig'), string('key'), pointer('value'), int('aux')]),
  syscall('fsmount', [descriptor('fs_fd'), flags('flags', 'fsmount'), flags('attr_flags', 'mountAttributes')]),
  syscall('fspick', [directory('dirfd'), path('pathname'), flags('flags', 'fspick')]),
  syscall('mount_setattr', [
    directory('dirfd'),
    path('pathname'),
    flags('flags', 'at'),
    struct('attr', 'mount_attr'),
    size('size'),
  ]),
  // The kernel fills the head and as much of the strings behind it as there are.
  syscall('statmount', [
    struct('req', 'mnt_id_req'),
    outBytes('buf', 2, { inOut: true }),
    size('bufsize'),
    unsigned('flags'),
  ]),
  syscall('listmount', [
    struct('req', 'mnt_id_req'),
    resultArray('mnt_ids', 'u64', 2),
    size('nr_mnt_ids'),
    unsigned('flags'),
  ]),
  syscall('listns', [
    struct('req', 'mnt_id_req'),
    resultArray('ns_ids', 'u64', 2),
    size('nr_ns_ids'),
    unsigned('flags'),
  ]),
  // Option 2 names a file system; 1 and 3 only return a number.
  syscall('sysfs', [
    int('option'),
    hex('arg1'),
    writing(
      hex('arg2'),
      written({ from: 'string' }, { most: 4096, condition: { argument: 0, mask: 0xffffffff, equals: 2 } }),
    ),
  ]),
  syscall('quotactl', [hex('op'), string('special'), int('id'), hex('addr')], { commands: quotaCommands }),
  syscall('quotactl_fd', [descriptor('fd'), hex('op'), int('id'), hex('addr')], {
    commands: quotaDescriptorCommands,
  }),
  syscall('syslog', [flags('type', 'syslog'), hex('bufp'), int('len')], { mayBlock: true, commands: syslogCommands }),
  syscall('reboot', [hex('magic'), hex('magic2'), flags('op', 'reboot'), pointer('arg')]),
  syscall('init_module', [sentBytes('module_image', 1), size('len'), string('param_values')]),
  syscall('finit_module', [descriptor('fd'), string('param_values'), flags('flags', 'module')]),
  syscall('delete_module', [string('name'), flags('flags', 'deleteModule')]),
  syscall('kexec_load', [hex('entry'), size('nr_segments'), pointer('segments'), flags('flags', 'kexec')]),
  syscall('kexec_file_load', [
    descriptor('kernel_fd'),
    descriptor('initrd_fd'),
    size('cmdline_len'),
    sentBytes('cmdline', 2),
    flags('flags', 'kexec'),
  ]),
  syscall('iopl', [int('level')]),
  syscall('ioperm', [hex('from'), size('num'), int('turn_on')]),
  syscall('vhangup', []),
  syscall('lookup_dcookie', [hex('cookie'), resultBytes('buffer', 2), size('len')]),
  syscall('bpf', [flags('cmd', 'bpf'), bpfAttributes, unsigned('size')], { commands: bpfCommands }),
  // The size in attr, its second u32, is corrected when it is wrong.
  syscall('perf_event_open', [
    writing(
      struct('attr', 'perf_event_attr'),
      written({ from: 'fixed' }, { base: 8, written: 'failure', inOut: true }),
    ),
    int('pid'),
    int('cpu'),
    descriptor('group_fd'),
    wideFlags('flags', 'perf'),
  ]),
];
