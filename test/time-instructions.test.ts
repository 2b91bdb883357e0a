// rdrand, and where rdtsc does not trap rdtsc, rdtscp and cpuid, are replaced in mapped code
// (native/record/files/random-instructions.h): all of them, and nothing that only looks like one.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildNative } from './harness/native-program.ts';

const test = suite('time instructions');
const libraries = '/usr/lib/x86_64-linux-gnu';
const folder = mkdtempSync(join(tmpdir(), 'rr-time-instructions-'));
const program = buildNative(folder, 'time-instructions', [
  'native/record/files/random-instructions.cc',
  'native/record/files/function-code.cc',
  'native/record/files/frame-records.cc',
  'native/patch/instruction.cc',
]);

/** By mnemonic: which byte of the instruction is replaced, counted from its end, and by what. */
const replaced: Readonly<Record<string, readonly [fromEnd: number, value: string]>> = {
  rdtsc: [1, '32'],
  rdtscp: [1, 'f8'],
  cpuid: [1, '09'],
  rdrand: [2, '23'],
  rdseed: [2, '23'],
};

test.after(() => rmSync(folder, { recursive: true }));

/** `ADDRESS VALUE` of each byte that is replaced in the file, by address. */
function found(file: string): string[] {
  const { stdout, status, stderr } = spawnSync(program, [file], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return stdout.split('\n').filter(Boolean).sort();
}

/** The same by what a disassembler shows. */
function shown(file: string, mnemonics: readonly string[]): string[] {
  const { stdout } = spawnSync('objdump', ['-d', file], { encoding: 'utf8', maxBuffer: 2 ** 30 });
  const lines = stdout.matchAll(/^ *([0-9a-f]+):\t((?:[0-9a-f]{2} )+) *\t(?:[a-z]+ )?(\w+)/gm);
  return [...lines]
    .filter(([, , , mnemonic]) => mnemonics.includes(mnemonic!))
    .map(([, address, bytes, mnemonic]) => {
      const [fromEnd, value] = replaced[mnemonic!]!;
      const place = Number.parseInt(address!, 16) + bytes!.trim().split(' ').length - fromEnd;
      return `${place.toString(16)} ${value}`;
    })
    .sort();
}

/** Compiles assembly; by default as a library whose functions are told of by their unwind tables alone. */
function assemble(name: string, lines: readonly string[], flags: readonly string[] = ['-s']): string {
  const source = join(folder, `${name}.s`);
  const object = join(folder, `${name}.so`);
  writeFileSync(source, `.text\n${lines.join('\n')}\n.section .note.GNU-stack,"",@progbits\n`);
  const words = ['-shared', '-nostdlib', ...flags, '-o', object, source];
  const { status, stderr } = spawnSync('gcc', words, { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  return object;
}

const clock = ['rdtsc', 'shl $32, %rdx', 'or %rdx, %rax', 'ret'];
const withFrame = (...lines: readonly string[]) => ['.cfi_startproc', ...lines, '.cfi_endproc'];
/** The bytes of `clock`, as data. */
const likeClock = '.byte 0x0f,0x31,0x48,0xc1,0xe2,0x20,0x48,0x09,0xd0';
const likeIdentity = '.byte 0x0f,0xa2,0x89,0xd8,0x89,0xc8,0x31,0xd2';
const likeRandom = '.byte 0x0f,0xc7,0xf0,0x73,0x02,0x89,0xc0,0x90';

test('each that a disassembler shows is found', () => {
  for (const name of ['ld-linux-x86-64.so.2', 'libc.so.6']) {
    const file = join(libraries, name);
    const wanted = shown(file, ['rdtsc', 'rdtscp']);
    assert.ok(wanted.length > 0, name);
    const times = found(file).filter((line) => /(32|f8)$/.test(line));
    assert.equal(times, wanted, name);
  }
});

test('nothing else is, in large libraries', () => {
  for (const name of ['libcrypto.so.3', 'libstdc++.so.6', 'libc.so.6']) {
    const file = join(libraries, name);
    if (!existsSync(file)) {
      console.log(`skipped: ${file} is not there`);
      continue;
    }
    const all = new Set(shown(file, Object.keys(replaced)));
    assert.equal(
      found(file).filter((line) => !all.has(line)),
      [],
      name,
    );
  }
});

test('a function is known by its unwind table, with sections and without', () => {
  const file = assemble('frame', withFrame('nop', ...clock));
  assert.equal(found(file), shown(file, ['rdtsc']));
  assert.is(found(file).length, 1);
  const image = readFileSync(file);
  image.writeBigUInt64LE(0n, 40); // e_shoff
  image.writeUInt16LE(0, 60); // e_shnum
  const bare = join(folder, 'bare.so');
  writeFileSync(bare, image);
  assert.equal(found(bare), found(file));
});

test('a function is known by its symbol', () => {
  const lines = ['.globl clock', '.type clock, @function', 'clock:', ...clock, '.size clock, . - clock'];
  const file = assemble('symbol', lines);
  assert.is(found(file).length, 1);
  assert.equal(found(file), shown(file, ['rdtsc']));
});

test('code that nothing tells of is left alone', () => {
  assert.equal(found(assemble('unknown', ['.skip 64, 0x90', ...clock, '.skip 64, 0x90'])), []);
});

// As in a table of constants of libcrypto; the bytes before decode as code does.
test('tables between functions are left alone', () => {
  const constants = '.byte 0x99,0x3f,0x4b,0x91,0x9c,0x0f,0x31,0x66,0x61,0xc1,0x12,0xf4,0x32,0x0a,0x43,0xae';
  const pad = '.skip 64, 0x90';
  const lines = withFrame('ret');
  const tables = [constants, likeClock, likeIdentity, likeRandom].flatMap((table) => [pad, table, pad, ...lines]);
  assert.equal(found(assemble('between', [...lines, ...tables])), []);
});

test('tables within functions are left alone', () => {
  for (const [index, table] of [likeClock, likeIdentity, likeRandom].entries()) {
    const jumpedOver = withFrame('jmp 1f', table, '1: ret');
    assert.equal(found(assemble(`within-${index}`, jumpedOver)), [], table);
    const behindConstants = withFrame('jmp 1f', '.byte 0x06,0x07', table, '1: jmp *%rax');
    assert.equal(found(assemble(`behind-${index}`, behindConstants)), [], table);
  }
});

test('constants of other instructions are left alone', () => {
  const file = assemble(
    'constants',
    withFrame(
      'mov $0x310f, %eax',
      'shl $32, %rdx',
      'or %rdx, %rax',
      'movabs $0xf0c70fa20f, %rbx',
      'jae 1f',
      'mov %ebx, %eax',
      '1: add $0xf9010f, %edx',
      'mov %eax, %ecx',
      'ret',
    ),
  );
  assert.equal(found(file), []);
});

test('a block that a jump table leads to, or an exception, is code', () => {
  const cases = withFrame('jmp *%rax', 'ret', ...clock);
  assert.is(found(assemble('cases', cases)).length, 1);
  const pad = ['.cfi_startproc', '.cfi_lsda 0x1b, 2f', 'call *%rax', 'ret', ...clock, '.cfi_endproc'];
  assert.is(found(assemble('handler', [...pad, '.section .rodata', '2: .byte 0'])).length, 1);
});

test('one whose value nobody reads is found where its code is reached', () => {
  const dropped = ['rdtsc', '.skip 32, 0x90', 'rdrand %rcx', '.skip 32, 0x90', 'cpuid', '.skip 32, 0x90', 'ret'];
  assert.is(found(assemble('dropped', withFrame(...dropped))).length, 3);
  assert.equal(found(assemble('dropped-cases', withFrame('jmp *%rax', 'ret', ...dropped))), []);
});

test.run();
