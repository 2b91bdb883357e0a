// The replayer on traces made by hand: every kind of event, and what a wrong one gets.
import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { dataSpaces, eventKinds, frameFlags, mappingSources, taskKinds } from '../engine/generated/schema.ts';
import { Divergence } from '../engine/replay/divergence.ts';
import { Echo } from '../engine/replay/echo.ts';
import type { EventSource } from '../engine/replay/event-source.ts';
import { Replayer } from '../engine/replay/replayer.ts';
import { StoredFiles } from '../engine/replay/stored-files.ts';
import { codeStart, initialTid, SyntheticProgram, stackStart } from './replay/synthetic-trace.ts';

const test = suite('replay events');

const page = 4096;
const call = {
  read: 0,
  write: 1,
  mmap: 9,
  mprotect: 10,
  munmap: 11,
  brk: 12,
  rt_sigreturn: 15,
  writev: 20,
  mremap: 25,
  madvise: 28,
  getpid: 39,
  clone: 56,
  ftruncate: 77,
  fork: 57,
  execve: 59,
  exit: 60,
} as const;
const area = 0x10_0000_0000;
const readWrite = 3;
const privateAnonymous = 0x22;

/** Collects what would be printed. */
class CollectedEcho extends Echo {
  readonly text: string[] = [];

  constructor(mark = false) {
    super({ quiet: false, mark });
  }

  override write(descriptor: number, bytes: Uint8Array): void {
    this.text.push(`${descriptor}:${Buffer.from(bytes).toString()}`);
  }
}

interface Outcome {
  readonly output: readonly string[];
  readonly status: number;
}

function replayAll(source: EventSource, storeDirectory = '/nonexistent', mark = false): Outcome {
  const echo = new CollectedEcho(mark);
  using replayer = new Replayer({ source, stored: new StoredFiles(storeDirectory), echo });
  while (replayer.step() !== undefined) {
    assert.ok(replayer.tasks.size < 10);
  }
  assert.ok(replayer.end);
  return { output: echo.text, status: replayer.end.status };
}

function divergenceOf(source: EventSource): Divergence {
  try {
    replayAll(source);
  } catch (error) {
    assert.ok(error instanceof Divergence, String(error));
    return error;
  }
  return assert.fail('the replay went through');
}

function mapAnonymous(program: SyntheticProgram, address: number, length: number, mapFlags = privateAnonymous): void {
  program.call(call.mmap, [address, length, readWrite, mapFlags, -1, 0], address, {
    mappings: [{ address, length, protection: readWrite, mapFlags }],
  });
}

/** `mov rax, [address]`: the value shows as the number of the call that follows. */
function loadAsCall(program: SyntheticProgram, address: number, value: number): void {
  program.set({ rdi: address });
  program.emit([0x48, 0x8b, 0x07, 0x0f, 0x05]);
  program.registers.rcx = program.registers.rip;
  program.registers.r11 = program.registers.eflags;
  program.registers.orig_rax = BigInt(value);
  program.registers.rax = 0n;
  program.event({ kind: eventKinds.syscall, number: value });
}

/** `mov [address], value`. */
function store(program: SyntheticProgram, address: number, value: number): void {
  program.set({ rdi: address, rsi: value });
  program.emit([0x48, 0x89, 0x37]);
}

test('calls are emulated: results come from the trace, and what was read is in memory', () => {
  const program = new SyntheticProgram();
  program.call(call.getpid, [], 4242);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(call.getpid);
  program.call(call.read, [5, stackStart, 8], 8, { data: [{ address: stackStart, bytes }] });
  loadAsCall(program, stackStart, call.getpid);
  assert.equal(replayAll(program.finish(7)).status, 7);
});

test('what was written to standard output and error is read from memory', () => {
  const program = new SyntheticProgram();
  const text = Buffer.from('hello world');
  const vectors = Buffer.alloc(32);
  vectors.writeBigUInt64LE(BigInt(stackStart), 0);
  vectors.writeBigUInt64LE(6n, 8);
  vectors.writeBigUInt64LE(BigInt(stackStart + 6), 16);
  vectors.writeBigUInt64LE(5n, 24);
  program.call(call.read, [5, stackStart, 64], 64, {
    data: [
      { address: stackStart, bytes: text },
      { address: stackStart + 32, bytes: vectors },
    ],
  });
  program.call(call.write, [1, stackStart, 11], 5, { stdio: 1 });
  program.call(call.writev, [2, stackStart + 32, 2], 8, { stdio: 2 });
  program.call(call.write, [1, stackStart, 11], -32, { stdio: 1 });
  program.call(call.write, [1, 0, 3], 3, { stdio: 1, data: [{ space: dataSpaces.output, bytes: Buffer.from('abc') }] });
  const expected = ['1:hello', '2:hello ', '2:wo', '1:abc'];
  assert.deepEqual(replayAll(program.finish()).output, expected);
});

test('-M marks each write with process and event', () => {
  const program = new SyntheticProgram();
  program.call(call.write, [1, stackStart, 0], 3, {
    stdio: 1,
    data: [{ space: dataSpaces.output, bytes: Buffer.from('abc') }],
  });
  assert.deepEqual(replayAll(program.finish(), '', true).output, [`1:[rr ${initialTid} 3]`, '1:abc']);
});

test('memory is mapped, protected, moved, advised and unmapped as recorded', () => {
  const program = new SyntheticProgram();
  mapAnonymous(program, area, 4 * page);
  store(program, area, 100);
  program.call(call.mprotect, [area, page, 1], 0);
  loadAsCall(program, area, 100);
  program.call(call.mremap, [area, page, page, 3, area + 16 * page], area + 16 * page);
  loadAsCall(program, area + 16 * page, 100);
  program.call(call.munmap, [area + 16 * page, page], 0);
  store(program, area + page, 101);
  program.call(call.madvise, [area + page, page, 8], 0);
  loadAsCall(program, area + page, 0);
  program.call(call.munmap, [area + 1, page], -22);
  loadAsCall(program, area + page, 0);
  assert.equal(replayAll(program.finish()).status, 0);
});

test('the heap grows and shrinks where the recording’s did', () => {
  const program = new SyntheticProgram();
  program.call(call.brk, [0], 0x60_0010);
  program.call(call.brk, [0x60_3000], 0x60_3000);
  store(program, 0x60_2ff8, 55);
  program.call(call.brk, [0x60_2001], 0x60_2001);
  loadAsCall(program, 0x60_2ff8, 55);
  program.call(call.brk, [0x60_1800], 0x60_1800);
  program.call(call.brk, [0x60_3000], 0x60_3000);
  loadAsCall(program, 0x60_2ff8, 0);
  assert.equal(replayAll(program.finish()).status, 0);
});

test('a write of the kernel below the stack makes it grow', () => {
  const program = new SyntheticProgram();
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(call.getpid);
  const low = stackStart - 5 * page;
  program.call(call.read, [5, low, 8], 8, { data: [{ address: low, bytes }] });
  loadAsCall(program, low, call.getpid);
  assert.equal(replayAll(program.finish()).status, 0);
});

test('stored files are mapped privately and shared', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-replay-'));
  const content = Buffer.alloc(page + 8);
  content.writeUInt32LE(77, 0);
  content.writeUInt32LE(78, page);
  const hash = createHash('sha256').update(content).digest('hex');
  mkdirSync(join(folder, hash.slice(0, 2)));
  writeFileSync(join(folder, hash.slice(0, 2), hash.slice(2)), content);
  const file = { source: mappingSources.store, hash, fileSize: content.length, path: '/etc/made' };
  const program = new SyntheticProgram();
  for (const [address, mapFlags] of [
    [area, 2],
    [area + 8 * page, 1],
    [area + 16 * page, 1],
  ] as const) {
    program.call(call.mmap, [address, 2 * page, readWrite, mapFlags, 3, 0], address, {
      mappings: [{ ...file, address, length: 2 * page, protection: readWrite, mapFlags, device: 5, inode: 6 }],
    });
    loadAsCall(program, address + page, 78);
  }
  store(program, area, 1);
  store(program, area + 8 * page, 2);
  loadAsCall(program, area, 1);
  loadAsCall(program, area + 16 * page, 2);
  const trace = program.finish();
  try {
    assert.equal(replayAll(trace, folder).status, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a private mapping that is larger than all memory shows what is written to its file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rr-replay-'));
  const content = Buffer.alloc(page);
  content.writeUInt32LE(77, 0);
  const hash = createHash('sha256').update(content).digest('hex');
  mkdirSync(join(folder, hash.slice(0, 2)));
  writeFileSync(join(folder, hash.slice(0, 2), hash.slice(2)), content);
  const file = { source: mappingSources.store, hash, fileSize: page, path: '/etc/made', device: 5, inode: 6 };
  const sharedAt = area - 8 * page;
  const program = new SyntheticProgram();
  for (const [address, length, mapFlags] of [
    [area, 2 ** 42, 2],
    [sharedAt, page, 1],
  ] as const) {
    program.call(call.mmap, [address, length, readWrite, mapFlags, 3, 0], address, {
      mappings: [{ ...file, address, length, protection: readWrite, mapFlags }],
    });
  }
  store(program, sharedAt, 78);
  loadAsCall(program, area, 78);
  try {
    assert.equal(replayAll(program.finish(), folder).status, 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a stored file that is gone is named', () => {
  const program = new SyntheticProgram();
  const mapping = { address: area, length: page, protection: 1, mapFlags: 2, source: mappingSources.store };
  program.call(call.mmap, [0, page, 1, 2, 3, 0], area, {
    mappings: [{ ...mapping, hash: 'ab'.repeat(32), fileSize: page, path: '/usr/lib/libmade.so' }],
  });
  assert.throws(() => replayAll(program.finish()), { code: 'STORE_FILE_MISSING', message: /libmade\.so.*ENOENT/ });
});

test('a kernel write to a shared mapping that is read-only arrives', () => {
  const program = new SyntheticProgram();
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(call.getpid);
  const mapping = { address: area, length: page, protection: 1, mapFlags: 1, source: mappingSources.recorded };
  program.call(call.mmap, [0, page, 1, 1, 3, 0], area, {
    mappings: [{ ...mapping, device: 1, inode: 2 }],
    data: [{ address: area, bytes }],
  });
  loadAsCall(program, area, call.getpid);
  assert.equal(replayAll(program.finish()).status, 0);
});

/** A child that is entered at the same instruction, does one call and exits; then its maker goes on. */
function forkAndLoad(cloneFlags: number, childValue: number): SyntheticProgram {
  const program = new SyntheticProgram();
  const childTid = initialTid + 1;
  mapAnonymous(program, area, page);
  store(program, area, 10);
  program.callEnter(call.clone, [cloneFlags, 0, 0, 0, 0]);
  // jz CHILD: with rax from the call. Parent code first.
  const atFork = { ...program.registers };
  const childRegisters = { ...atFork, rax: 0n };
  program.event({
    kind: eventKinds.taskStart,
    tid: childTid,
    number: call.clone,
    registers: childRegisters,
    tasks: [{ kind: taskKinds.start, tid: childTid, parentTid: initialTid, cloneFlags }],
  });
  program.callExit(call.clone, childTid);
  store(program, area, 20);
  program.call(call.getpid, [], 1);
  const parent = { ...program.registers };
  // The child runs the same code behind the fork, so it stores and calls as its maker does: before it loads.
  program.tid = childTid;
  Object.assign(program.registers, { ...parent, rax: BigInt(childTid + 1) });
  program.event({ kind: eventKinds.syscall, number: call.getpid });
  const beforeLoad = { ...program.registers };
  loadAsCall(program, area, childValue);
  program.callEnter(call.exit, [0]);
  program.event({
    kind: eventKinds.exit,
    number: 0,
    tasks: [{ kind: taskKinds.exit, tid: childTid }],
    ...(cloneFlags & 0x100 ? { data: [{ address: area, bytes: Buffer.from([30, 0, 0, 0, 0, 0, 0, 0]) }] } : {}),
  });
  program.tid = initialTid;
  const afterExit = { ...program.registers };
  // The maker runs the same instructions; rax before them is the only difference.
  const load = (value: number): void => {
    Object.assign(program.registers, beforeLoad, { rip: afterExit.rip });
    program.registers.rip = beforeLoad.rip;
    program.registers.rdi = BigInt(area);
    program.registers.rip += 15n;
    program.registers.rcx = program.registers.rip;
    program.registers.rax = 0n;
    program.registers.orig_rax = BigInt(value);
    program.event({ kind: eventKinds.syscall, number: value });
  };
  load(cloneFlags & 0x100 ? 30 : 20);
  return program;
}

test('a forked task has memory of its own', () => {
  assert.equal(replayAll(forkAndLoad(17, 20).finish()).status, 0);
});

test('a task made with CLONE_VM shares memory, and what its exit wrote stays', () => {
  assert.equal(replayAll(forkAndLoad(0x100 | 0x4000 | 17, 20).finish()).status, 0);
});

test('a program executed by a task that shares memory leaves that memory to the others', () => {
  const program = new SyntheticProgram();
  const childTid = initialTid + 1;
  const vfork = 0x100 | 0x4000 | 17;
  mapAnonymous(program, area, page);
  store(program, area, 10);
  program.callEnter(call.clone, [vfork, 0, 0, 0, 0]);
  const { registers } = program;
  program.event({
    kind: eventKinds.taskStart,
    tid: childTid,
    registers: { ...registers, rax: 0n },
    tasks: [{ kind: taskKinds.start, tid: childTid, parentTid: initialTid, cloneFlags: vfork }],
  });
  // The other program: mov eax, 39; syscall; mov [0x500800], eax; movabs rax, [area], which faults.
  const start = 0x50_0000;
  const code = [0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0x89, 0x04, 0x25, 0, 8, 0x50, 0, 0x48, 0xa1];
  const address = Buffer.alloc(8);
  address.writeBigUInt64LE(BigInt(area));
  const clean = new SyntheticProgram().registers;
  const entry = { ...clean, rip: BigInt(start) };
  program.event({
    kind: eventKinds.exec,
    number: call.execve,
    tid: childTid,
    registers: entry,
    tasks: [{ kind: taskKinds.exec, tid: childTid, parentTid: childTid }],
    mappings: [{ address: start, length: page, protection: 7, mapFlags: 2, source: mappingSources.recorded }],
    data: [{ tid: childTid, address: start, bytes: Buffer.concat([Buffer.from(code), address]) }],
  });
  const behind = BigInt(start + 7);
  const after = { ...entry, rip: behind, rcx: behind, r11: 0x202n, rax: 0x77n, orig_rax: 39n };
  program.event({ kind: eventKinds.syscall, number: call.getpid, tid: childTid, registers: after });
  program.event({
    kind: eventKinds.signal,
    number: 11,
    tid: childTid,
    flags: frameFlags.deterministic | frameFlags.fatal,
    registers: { ...after, rip: BigInt(start + 14), orig_rax: 0xffff_ffff_ffff_ffffn },
  });
  program.event({
    kind: eventKinds.exit,
    number: 11,
    tid: childTid,
    tasks: [{ kind: taskKinds.exit, tid: childTid, status: 11 }],
  });
  program.callExit(call.clone, childTid);
  loadAsCall(program, area, 10);
  assert.equal(replayAll(program.finish()).status, 0);
});

test('rdtsc gets the recorded time', () => {
  const program = new SyntheticProgram();
  // invd traps as well, also where rdtsc does not (native/record/files/random-instructions.h).
  program.emit([0x0f, 0x08]);
  program.registers.rax = 0x1234n;
  program.registers.rdx = 0x5n;
  program.registers.orig_rax = 0xffff_ffff_ffff_ffffn;
  program.event({ kind: eventKinds.trap, number: 1 });
  program.emit([0x48, 0x89, 0xc7]); // mov rdi, rax
  program.registers.rdi = 0x1234n;
  program.call(call.getpid, [], 1);
  assert.equal(replayAll(program.finish()).status, 0);
});

test('cpuid traps when the recording’s did', () => {
  const program = new SyntheticProgram();
  program.set({ rax: 0 });
  program.emit([0x0f, 0xa2]);
  Object.assign(program.registers, { rax: 1n, rbx: 2n, rcx: 3n, rdx: 4n, orig_rax: 0xffff_ffff_ffff_ffffn });
  program.event({ kind: eventKinds.trap, number: 3 });
  program.call(call.getpid, [], 1);
  const trace = program.finish();
  try {
    assert.equal(replayAll(trace).status, 0);
  } catch (error) {
    // Without CPUID faulting in the processor there is nothing to replay it with, and the report says so.
    assert.match((error as Error).message, /this processor cannot make it trap/);
  }
});

test('a fault of its own, its handler and the return are replayed', () => {
  const program = new SyntheticProgram();
  program.set({ rdi: 8 });
  program.registers.eflags |= 0x1_0000n; // RF, which is not compared
  program.event({ kind: eventKinds.signal, number: 11, flags: frameFlags.deterministic });
  program.registers.eflags &= ~0x1_0000n;
  const interrupted = { ...program.registers };
  program.emit([0x48, 0x8b, 0x07]); // mov rax, [rdi]
  program.registers.rsp -= 512n;
  program.event({
    kind: eventKinds.signalHandler,
    number: 11,
    data: [{ address: Number(program.registers.rsp), bytes: new Uint8Array(64) }],
  });
  program.registers.orig_rax = BigInt(call.rt_sigreturn);
  program.set({ rax: call.rt_sigreturn });
  program.emit([0x0f, 0x05]);
  const after = program.registers.rip;
  Object.assign(program.registers, interrupted, {
    rdi: BigInt(stackStart),
    rip: after,
    orig_rax: -1n & 0xffff_ffff_ffff_ffffn,
  });
  program.event({ kind: eventKinds.syscall, number: call.rt_sigreturn });
  program.call(call.getpid, [], 1);
  assert.equal(replayAll(program.finish()).status, 0);
});

test('a stack that ran into its limit faults where it did', () => {
  const program = new SyntheticProgram();
  faultAndSkip(program, 11, 1, stackStart - page);
  program.call(call.getpid, [], 1);
  store(program, stackStart - page, 1);
  faultAndSkip(program, 11, 1, stackStart - 2 * page);
  program.event({ kind: eventKinds.exit, number: 11, tasks: [{ kind: taskKinds.exit, tid: initialTid, status: 11 }] });
  assert.equal(replayAll(program.finish(11)).status, 11);
});

/** A fault at `address`, whose siginfo tells why, and a handler that jumps over the instruction. */
function faultAndSkip(program: SyntheticProgram, number: number, code: number, address: number): void {
  const info = Buffer.alloc(128);
  info.writeInt32LE(number, 0);
  info.writeInt32LE(code, 8);
  info.writeBigUInt64LE(BigInt(address), 16);
  program.set({ rdi: address });
  program.event({
    kind: eventKinds.signal,
    number,
    flags: frameFlags.deterministic,
    data: [{ space: dataSpaces.signalInfo, bytes: info }],
  });
  program.emit([0x48, 0x8b, 0x07]); // mov rax, [rdi]
  program.event({ kind: eventKinds.signalHandler, number });
}

for (const [kind, mapFlags] of [
  ['shared', 1],
  ['private', 2],
] as const) {
  test(`a file cut short under its ${kind} mapping raises SIGBUS, and reads as zeros when it grows again`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'rr-replay-'));
    const content = Buffer.alloc(3 * page, 7);
    const hash = createHash('sha256').update(content).digest('hex');
    mkdirSync(join(folder, hash.slice(0, 2)));
    writeFileSync(join(folder, hash.slice(0, 2), hash.slice(2)), content);
    const program = new SyntheticProgram();
    const file = { source: mappingSources.store, hash, fileSize: content.length, device: 5, inode: 6 };
    program.call(call.mmap, [area, 3 * page, readWrite, mapFlags, 3, 0], area, {
      mappings: [{ ...file, address: area, length: 3 * page, protection: readWrite, mapFlags }],
    });
    store(program, area + page, 9);
    program.call(call.ftruncate, [3, page], 0);
    faultAndSkip(program, 7, 2, area + page);
    loadAsCall(program, area + page, 0);
    faultAndSkip(program, 7, 2, area + page);
    const trace = program.finish();
    try {
      assert.equal(replayAll(trace, folder).status, 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('a signal put off to a call is delivered before it', () => {
  const program = new SyntheticProgram();
  program.set({ rax: call.getpid });
  program.event({ kind: eventKinds.signal, number: 14, flags: frameFlags.atSyscallEntry });
  program.event({ kind: eventKinds.signalHandler, number: 14 });
  program.emit([0x0f, 0x05]);
  Object.assign(program.registers, { rcx: program.registers.rip, r11: 0x202n, rax: 1n });
  program.event({ kind: eventKinds.syscall, number: call.getpid });
  assert.equal(replayAll(program.finish()).status, 0);
});

for (const [result, number] of [
  [-512, call.read],
  [-516, 219],
] as const) {
  test(`a call that ends in ${result} is made again as ${number}`, () => {
    const program = new SyntheticProgram();
    program.call(call.read, [0, stackStart, 1], result);
    program.registers.rax = 1n;
    program.registers.orig_rax = BigInt(number);
    program.event({ kind: eventKinds.syscall, number });
    program.call(call.getpid, [], 1);
    assert.equal(replayAll(program.finish()).status, 0);
  });
}

test('checksums are verified', () => {
  const right = new SyntheticProgram();
  mapAnonymous(right, area, page);
  const entry = Buffer.alloc(24);
  entry.writeBigUInt64LE(BigInt(area), 0);
  entry.writeBigUInt64LE(BigInt(page), 8);
  right.call(call.getpid, [], 1, { data: [{ space: dataSpaces.checksum, bytes: entry }] });
  assert.equal(replayAll(right.finish()).status, 0);

  const wrong = new SyntheticProgram();
  mapAnonymous(wrong, area, page);
  store(wrong, area, 9);
  wrong.call(call.getpid, [], 1, { data: [{ space: dataSpaces.checksum, bytes: entry }] });
  const divergence = divergenceOf(wrong.finish());
  assert.equal(divergence.event, 4);
  assert.match(divergence.message, /memory 0x1000000000-0x1000001000 has checksum 0000000000000000/);
});

test('a register that differs is reported with event, task, place and code', () => {
  const program = new SyntheticProgram();
  program.call(call.getpid, [], 1);
  program.registers.rbx = 0x1_0000_0005n;
  program.call(call.getpid, [], 1);
  const { event, message } = divergenceOf(program.finish());
  assert.equal(event, 4);
  assert.match(message, /^replay diverged from the recording at event 4\n/);
  assert.match(message, /event {5}syscall getpid \(39\)\n/);
  assert.match(message, /task {6}1000 of process 1000/);
  assert.match(message, /rbx {7}expected 0x100000005, found 0x0\n/);
  assert.match(message, /at {8}0x400018 = \/bin\/made \+ 0x18|at {8}0x400018/);
  assert.match(message, /code {6}[0-9a-f]{32} > [0-9a-f]{32}\n/);
  assert.match(message, /last events of the task:\n {4}1 taskStart\n {4}2 exec\n {4}3 syscall getpid \(39\)\n {4}4 /);
});

test('another call than the recorded one is reported', () => {
  const program = new SyntheticProgram();
  program.call(call.getpid, [], 1, { number: call.read });
  assert.match(
    divergenceOf(program.finish()).message,
    /expected {2}system call read \(0\)\n {2}found {5}system call getpid/,
  );
});

test('a fault that the recording did not have is reported', () => {
  const program = new SyntheticProgram();
  program.set({ rdi: 8 });
  program.emit([0x48, 0x8b, 0x07]);
  program.call(call.getpid, [], 1);
  assert.match(divergenceOf(program.finish()).message, /found {5}signal SIGSEGV \(11\) raised by its instruction/);
});

test('data for memory that is not there is reported', () => {
  const program = new SyntheticProgram();
  program.call(call.read, [0, area, 4], 4, { data: [{ address: area, bytes: new Uint8Array(4) }] });
  assert.match(divergenceOf(program.finish()).message, /where the kernel wrote 4 bytes\n {2}found {5}no memory there/);
});

test('a trace cannot take our pages away, or name a task that is not there', () => {
  for (const [start, length] of [
    [0x7000_0000, page],
    [0x6fff_f000, 2 * page],
    [0x7000_1000, page],
    [0, 0x8000_0000],
    [codeStart, 2 ** 47],
  ] as const) {
    const program = new SyntheticProgram();
    program.call(call.munmap, [start, length], 0);
    assert.throws(() => replayAll(program.finish()), { code: 'BAD_EVENT', message: /event 3 maps/ });
  }
  const program = new SyntheticProgram();
  program.call(call.getpid, [], 1, { tid: 5 });
  assert.throws(() => replayAll(program.finish()), { code: 'BAD_EVENT', message: /event 3 names task 5/ });
});

test.run();
