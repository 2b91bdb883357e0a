// The system call table against the headers of this machine, and the decoder that prints from it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeSyscall, errnoName, signalName, syscallName, syscallNumber } from '../engine/syscalls/decode.ts';
import { flagTables } from '../engine/syscalls/flags/index.ts';
import { generateSyscalls } from '../engine/syscalls/generate.ts';
import { effectiveArguments } from '../engine/syscalls/model.ts';
import { syscallNumbers } from '../engine/syscalls/numbers.ts';
import { syscalls } from '../engine/syscalls/table.ts';

/** What the compiler says of a C++ text: nothing when it is right. */
function compilerErrors(text: string, definitions: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'rr-table-'));
  try {
    const source = join(folder, 'check.cc');
    writeFileSync(source, text);
    const words = ['-std=c++20', '-fsyntax-only', '-D_GNU_SOURCE', '-Inative', '-Ipreload', ...definitions, source];
    const { stderr, error } = spawnSync('g++', words, { encoding: 'utf8', timeout: 60_000 });
    if (error) throw error;
    return stderr
      .split('\n')
      .filter((line) => line.includes('error'))
      .join('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('every number of the kernel’s header has the header’s name', () => {
  const { stdout } = spawnSync('g++', ['-E', '-dM', '-x', 'c++', '-include', 'asm/unistd_64.h', '/dev/null'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const defined = [...stdout.matchAll(/#define __NR_(\w+) (\d+)/g)];
  assert.ok(defined.length > 350, `${defined.length} numbers in the header`);
  for (const [, name, number] of defined) assert.is(syscallNumber(name!), Number(number), name);
});

test('every call is described once', () => {
  const described = syscalls.map(({ name }) => name).sort();
  assert.equal(described, Object.keys(syscallNumbers).sort());
  const numbers = Object.values(syscallNumbers);
  assert.is(new Set(numbers).size, numbers.length, 'two names for one number');
});

test('no table of flags is empty, and none has a value that it cannot show', () => {
  for (const [table, { kind, values, fields }] of Object.entries(flagTables)) {
    assert.ok(Object.keys(values).length > 0, table);
    if (kind === 'bits') for (const [name, value] of Object.entries(values)) assert.is.not(value, 0, name);
    for (const { mask, values: some } of fields) {
      for (const [name, value] of Object.entries(some)) assert.is(value & mask, value, name);
    }
  }
});

test('no command stands twice', () => {
  for (const { name, commands } of syscalls) {
    const values = (commands?.list ?? []).map(({ value }) => value >>> 0);
    const twice = values.filter((value, index) => values.indexOf(value) !== index);
    assert.equal(twice, [], name);
  }
});

test('no call has more arguments than registers, and lengths refer to arguments that it has', () => {
  for (const call of syscalls) {
    assert.ok(call.arguments.length <= 6, call.name);
    for (const command of [undefined, ...(call.commands?.list ?? [])]) {
      const list = effectiveArguments(call, command);
      for (const { length, condition } of list.flatMap(({ out }) => out)) {
        const referred = [
          condition?.argument,
          'argument' in length ? length.argument : undefined,
          'count' in length ? length.count : undefined,
          'limit' in length ? length.limit : undefined,
        ];
        for (const index of referred) assert.ok(index === undefined || index < list.length, call.name);
      }
    }
  }
});

const generated = generateSyscalls();
const checks = generated.get('native/generated/syscall-checks.inc')!;

test('sizes, numbers and flags are those of the kernel’s headers', () => {
  assert.is(compilerErrors(checks, ['-DRR_KERNEL_HEADERS']), '');
});

test('flags and sizes are those of the C library’s headers', () => {
  assert.is(compilerErrors(checks), '');
});

test('a wrong size or number does not pass those checks', () => {
  const wrongSize = checks.replace('sizeof(struct stat) == 144', 'sizeof(struct stat) == 145');
  const wrongFlag = checks.replace('(unsigned)(O_CREAT) == 64u', '(unsigned)(O_CREAT) == 65u');
  assert.match(compilerErrors(wrongSize, ['-DRR_KERNEL_HEADERS']), 'struct stat');
  assert.match(compilerErrors(wrongFlag, ['-DRR_KERNEL_HEADERS']), 'O_CREAT');
  assert.match(compilerErrors(wrongFlag), 'O_CREAT');
});

test('the recorder’s table compiles and finds calls by number', () => {
  const table = generated.get('native/generated/syscalls.h')!;
  const text = `${table.replace('#pragma once', '')}
    static_assert(rr::syscallModel(0).name[0] == 'r' && rr::syscallModel(0).argumentCount == 3);
    static_assert(rr::syscallModel(7).mayBlock && !rr::syscallModel(4).mayBlock);
    static_assert(!rr::syscallModel(400).modelled && rr::syscallModel(400).name[0] == 'u');
    static_assert(!rr::syscallModel(-1).modelled && !rr::syscallModel(1 << 20).modelled);`;
  assert.is(compilerErrors(text), '');
});

/** Memory of a pretended program. */
const memory = new Map<bigint, Uint8Array>([
  [0x1000n, Buffer.from('/etc/passwd\0')],
  [0x2000n, Buffer.from('root:x:0:0:"root"\n\x01\x002 and further than anybody reads')],
  [0x3000n, Uint8Array.of(3, 0, 0, 0, 4, 0, 0, 0)],
  [0x4000n, Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0)],
]);

function readMemory(address: bigint, length: number): Uint8Array | undefined {
  for (const [start, bytes] of memory) {
    const offset = Number(address - start);
    if (offset >= 0 && offset + length <= bytes.length) return bytes.subarray(offset, offset + length);
  }
  return undefined;
}

const poison = 0xdeadbeef00000000n;
const lines: readonly [name: string, args: readonly (bigint | number)[], result: number, line: string][] = [
  [
    'openat',
    [poison | 0xffffff9cn, 0x1000, 0x80000, 0],
    3,
    'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC, 0) = 3',
  ],
  [
    'open',
    [0x1000, 0x241, 0o644],
    -13,
    'open("/etc/passwd", O_WRONLY|O_CREAT|O_TRUNC, 0644) = -1 EACCES (Permission denied)',
  ],
  ['access', [0x9000, 4], -2, 'access(0x9000, R_OK) = -1 ENOENT (No such file or directory)'],
  ['access', [0x1000, 0], 0, 'access("/etc/passwd", F_OK) = 0'],
  ['read', [poison | 3n, 0x2000, 4096], 18, 'read(3, "root:x:0:0:\\"root\\"\\n", 4096) = 18'],
  ['read', [3, 0x2000, 4096], 40, 'read(3, "root:x:0:0:\\"root\\"\\n\\1\\0002 and furthe"..., 4096) = 40'],
  ['read', [3, 0x2000, 4096], -4, 'read(3, 0x2000, 4096) = -1 EINTR (Interrupted system call)'],
  ['write', [1, 0x2000, 4], 4, 'write(1, "root", 4) = 4'],
  ['pipe2', [0x3000, 0x80000], 0, 'pipe2([3, 4], O_RDONLY|O_CLOEXEC) = 0'],
  ['nanosleep', [0x4000, 0], 0, 'nanosleep({tv_sec=5, tv_nsec=16}, NULL) = 0'],
  [
    'mmap',
    [0, 8192, 3, 0x22, poison | 0xffffffffn, 0],
    0x7f0000000000,
    'mmap(0, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000',
  ],
  ['mprotect', [0x7000, 4096, 0], 0, 'mprotect(0x7000, 4096, PROT_NONE) = 0'],
  [
    'ioctl',
    [0, poison | 0x5401n, 0x7000],
    -25,
    'ioctl(0, TCGETS, 0x7000) = -1 ENOTTY (Inappropriate ioctl for device)',
  ],
  ['ioctl', [0, 0x801878fa, 0], -25, 'ioctl(0, 0x801878fa, 0) = -1 ENOTTY (Inappropriate ioctl for device)'],
  ['fcntl', [3, 3, 0], 0x8000, 'fcntl(3, F_GETFL, 0) = 32768'],
  ['futex', [0x7000, 0x81, 1, 0, 0, 0], 1, 'futex(0x7000, FUTEX_WAKE|FUTEX_PRIVATE_FLAG, 1, 0, NULL, 0) = 1'],
  ['kill', [-1, 9], 0, 'kill(-1, SIGKILL) = 0'],
  ['poll', [0x7000, 1, -1], -516, 'poll(0x7000, 1, -1) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)'],
  ['socket', [1, 0x80801, 0], 4, 'socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, 0) = 4'],
];
for (const [name, args, result, line] of lines) {
  test(`decodes ${line}`, () => {
    const registers = [...args, 0, 0, 0, 0, 0, 0].slice(0, 6).map((each) => BigInt.asUintN(64, BigInt(each)));
    assert.is(decodeSyscall(syscallNumber(name)!, registers, BigInt(result), readMemory), line);
  });
}

test('decodes what it does not know, and calls that have not returned', () => {
  assert.is(decodeSyscall(600, [1n, 255n], -38n), 'syscall_600(0x1, 0xff) = -1 ENOSYS (Function not implemented)');
  assert.is(decodeSyscall(231, [3n], undefined), 'exit_group(3) = ?');
  assert.is(syscallName(600), 'syscall_600');
  assert.is(syscallNumber('toString'), undefined);
});

test('decodes every call of the table from any registers', () => {
  const odd = [0n, 1n, 0xffffffffffffffffn, 0x8000000000000000n, 0x1000n, 0x7fffffffn];
  for (const number of Object.values(syscallNumbers)) {
    for (const value of odd) {
      const line = decodeSyscall(number, Array(6).fill(value), value, readMemory);
      assert.ok(line.startsWith(`${syscallName(number)}(`), line);
      assert.ok(line.length < 1000, line);
    }
  }
});

test('names errors and signals', () => {
  assert.is(errnoName(11), 'EAGAIN');
  assert.is(errnoName(512), 'ERESTARTSYS');
  assert.is(errnoName(9999), 'errno 9999');
  assert.is(signalName(11), 'SIGSEGV');
  assert.is(signalName(6), 'SIGABRT');
  assert.is(signalName(34), 'SIGRT_2');
});

test('a newcomer’s guide names files that exist', () => {
  const guide = readFileSync('docs/adding-a-system-call.md', 'utf8');
  const paths = [...guide.matchAll(/`((?:engine|native|test|docs)\/[\w./-]+)`/g)].map(([, path]) => path!);
  assert.ok(paths.length > 5);
  for (const path of paths) {
    if (!path.includes('/generated/')) assert.ok(spawnSync('test', ['-e', path]).status === 0, path);
  }
});

test.run();
