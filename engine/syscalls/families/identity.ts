// Users, groups, sessions, capabilities, and the names of the machine.
import { flags, inOut, int, out, resultArray, sentBytes, string, struct, syscall } from '../arguments.ts';
import type { Syscall } from '../model.ts';

export const identity: readonly Syscall[] = [
  syscall('getuid', []),
  syscall('getgid', []),
  syscall('geteuid', []),
  syscall('getegid', []),
  syscall('getresuid', [out('ruid', 'u32'), out('euid', 'u32'), out('suid', 'u32')]),
  syscall('getresgid', [out('rgid', 'u32'), out('egid', 'u32'), out('sgid', 'u32')]),
  syscall('setuid', [int('uid')]),
  syscall('setgid', [int('gid')]),
  syscall('setreuid', [int('ruid'), int('euid')]),
  syscall('setregid', [int('rgid'), int('egid')]),
  syscall('setresuid', [int('ruid'), int('euid'), int('suid')]),
  syscall('setresgid', [int('rgid'), int('egid'), int('sgid')]),
  syscall('setfsuid', [int('fsuid')]),
  syscall('setfsgid', [int('fsgid')]),
  // With size 0 the result is the number of groups, and nothing is written.
  syscall('getgroups', [int('size'), resultArray('list', 'u32', 0)]),
  syscall('setgroups', [int('size'), struct('list', 'u32')]),
  syscall('getpgid', [int('pid')]),
  syscall('setpgid', [int('pid'), int('pgid')]),
  syscall('getpgrp', []),
  syscall('getsid', [int('pid')]),
  syscall('setsid', []),
  // The head's version is corrected when it is unknown; version 1 has one element of data, later ones two.
  syscall('capget', [inOut('hdrp', 'cap_header'), inOut('datap', 'cap_data2')]),
  syscall('capset', [inOut('hdrp', 'cap_header'), struct('datap', 'cap_data2')]),
  syscall('uname', [out('buf', 'utsname')]),
  syscall('sethostname', [sentBytes('name', 1), int('len')]),
  syscall('setdomainname', [sentBytes('name', 1), int('len')]),
  syscall('acct', [string('filename')]),
  syscall('getpriority', [flags('which', 'priority'), int('who')]),
  syscall('setpriority', [flags('which', 'priority'), int('who'), int('prio')]),
];
