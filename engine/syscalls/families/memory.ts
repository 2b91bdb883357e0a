// The address space.
import {
  descriptor,
  flags,
  hex,
  int,
  out,
  outArray,
  path,
  pointer,
  resultBytes,
  size,
  struct,
  syscall,
  unsigned,
  writing,
  written,
} from '../arguments.ts';
import type { Syscall } from '../model.ts';

export const memory: readonly Syscall[] = [
  syscall('mmap', [
    hex('addr'),
    size('length'),
    flags('prot', 'protection'),
    flags('flags', 'map'),
    descriptor('fd'),
    hex('offset'),
  ]),
  syscall('munmap', [hex('addr'), size('length')]),
  syscall('mprotect', [hex('addr'), size('len'), flags('prot', 'protection')]),
  syscall('pkey_mprotect', [hex('addr'), size('len'), flags('prot', 'protection'), int('pkey')]),
  syscall('mremap', [
    hex('old_address'),
    size('old_size'),
    size('new_size'),
    flags('flags', 'mremap'),
    hex('new_address'),
  ]),
  syscall('brk', [hex('addr')]),
  syscall('madvise', [hex('addr'), size('length'), flags('advice', 'madvise')]),
  syscall('process_madvise', [
    descriptor('pidfd'),
    struct('iovec', 'iovec'),
    size('vlen'),
    flags('advice', 'madvise'),
    unsigned('flags'),
  ]),
  syscall('msync', [hex('addr'), size('length'), flags('flags', 'msync')]),
  // One byte a page. A part may be written before ENOMEM.
  syscall('mincore', [
    hex('addr'),
    size('length'),
    writing(
      pointer('vec'),
      written({ from: 'argument', argument: 1 }, { divisor: 4096, written: 'always', inOut: true, most: 2 ** 30 }),
    ),
  ]),
  syscall('mlock', [hex('addr'), size('len')]),
  syscall('mlock2', [hex('addr'), size('len'), flags('flags', 'mlock2')]),
  syscall('munlock', [hex('addr'), size('len')]),
  syscall('mlockall', [flags('flags', 'mlockall')]),
  syscall('munlockall', []),
  syscall('mseal', [hex('addr'), size('len'), unsigned('flags')]),
  // Rearranges the pages of a shared mapping; no program of today calls it.
  syscall(
    'remap_file_pages',
    [hex('addr'), size('size'), flags('prot', 'protection'), size('pgoff'), flags('flags', 'map')],
    {
      modelled: false,
    },
  ),
  syscall('map_shadow_stack', [hex('addr'), size('size'), flags('flags', 'shadowStack')], { modelled: false }),
  syscall('mbind', [
    hex('addr'),
    size('len'),
    flags('mode', 'memoryPolicy'),
    struct('nodemask', 'u64'),
    size('maxnode'),
    flags('flags', 'memoryBind'),
  ]),
  syscall('set_mempolicy', [flags('mode', 'memoryPolicy'), struct('nodemask', 'u64'), size('maxnode')]),
  syscall('get_mempolicy', [
    out('mode', 'int'),
    // A bit a node, in words. The kernel rounds maxnode - 1 up, and takes a page at most: a word less than is told here.
    writing(
      struct('nodemask', 'u64'),
      written({ from: 'argument', argument: 2 }, { divisor: 64, element: 8, most: 4096 + 8, inOut: true }),
    ),
    size('maxnode'),
    hex('addr'),
    flags('flags', 'getMemoryPolicy'),
  ]),
  syscall('set_mempolicy_home_node', [hex('start'), size('len'), size('home_node'), unsigned('flags')]),
  syscall('migrate_pages', [int('pid'), size('maxnode'), struct('old_nodes', 'u64'), struct('new_nodes', 'u64')]),
  syscall('move_pages', [
    int('pid'),
    size('count'),
    struct('pages', 'pointer'),
    struct('nodes', 'int'),
    outArray('status', 'int', 1, { written: 'always', inOut: true }),
    flags('flags', 'memoryBind'),
  ]),
  syscall('pkey_alloc', [unsigned('flags'), flags('access_rights', 'keyRights')]),
  syscall('pkey_free', [int('pkey')]),
  syscall('userfaultfd', [flags('flags', 'userfaultfd')]),
  syscall('membarrier', [flags('cmd', 'membarrier'), unsigned('flags'), int('cpu_id')]),
  syscall('process_mrelease', [descriptor('pidfd'), unsigned('flags')]),
  syscall('swapon', [path('path'), flags('swapflags', 'swap')]),
  syscall('swapoff', [path('path')]),
  // Functions 0 and 2 read the table; the kernel cuts bytecount to its size.
  syscall('modify_ldt', [
    flags('func', 'modifyLdt'),
    resultBytes('ptr', 2, { condition: { argument: 0, mask: 1, equals: 0 } }),
    size('bytecount'),
  ]),
];
