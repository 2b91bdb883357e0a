// The replay's primitives alone: hand-assembled code in processes made from the replay stub.
import { strict as assert } from 'node:assert';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { registerIndex } from '../engine/generated/schema.ts';
import {
  primitives,
  type ReplayProcesses,
  registerWordCount,
  resumeKinds,
  startProcesses,
  waitBroken,
} from '../engine/replay/primitives.ts';
import { machineHas } from './harness/machine.ts';

const test = suite('replay primitives');

const page = 4096;
const code = 0x10_0000;
const memory = 0x20_0000;
const call = { mmap: 9, mprotect: 10, munmap: 11, mremap: 25, madvise: 28, getpid: 39, clone: 56, creat: 85 };
const protection = { read: 1, write: 2, execute: 4 };
const mapFlag = { shared: 1, private: 2, fixed: 0x10, anonymous: 0x20 };
const cloneFlag = { vm: 0x100, parent: 0x8000 };
const syscallStop = (5 | 0x80) * 256 + 0x7f;
const signalStop = (signal: number): number => signal * 256 + 0x7f;

const codeBytes = {
  // mov eax, 39; syscall; jmp back
  getpidLoop: [0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7],
  rdtsc: [0x0f, 0x31],
  // mov [rdi], rsi; mov rax, [rdi]; syscall
  store: [0x48, 0x89, 0x37, 0x48, 0x8b, 0x07, 0x0f, 0x05],
  // mov rax, [rdi]; syscall
  load: [0x48, 0x8b, 0x07, 0x0f, 0x05],
  spin: [0xeb, 0xfe],
};

function registers(values: Partial<Record<keyof typeof registerIndex, number>>): Uint32Array {
  const words = new Uint32Array(registerWordCount);
  const all = { cs: 0x33, ss: 0x2b, eflags: 0x202, ...values };
  for (const [name, value] of Object.entries(all)) {
    const index = registerIndex[name as keyof typeof registerIndex];
    words[2 * index] = value % 2 ** 32;
    words[2 * index + 1] = Math.floor(value / 2 ** 32);
  }
  return words;
}

function value(words: Uint32Array, name: keyof typeof registerIndex): number {
  const index = registerIndex[name];
  return words[2 * index]! + words[2 * index + 1]! * 2 ** 32;
}

function mapAnonymous(processes: ReplayProcesses, pid: number, address: number, length: number, flags: number): void {
  const all = protection.read | protection.write | protection.execute;
  assert.equal(processes.call(pid, call.mmap, address, length, all, flags, -1, 0), address);
}

function mapCode(processes: ReplayProcesses, pid: number, bytes: readonly number[]): void {
  mapAnonymous(processes, pid, code, page, mapFlag.private | mapFlag.fixed | mapFlag.anonymous);
  assert.equal(processes.writeMemory(pid, code, Uint8Array.from(bytes), 0, bytes.length), bytes.length);
}

const killedProcesses = 200;

/** Resumes until something other than the timer ends the wait. */
function run(processes: ReplayProcesses, pid: number, start: Uint32Array, found: Uint32Array): number {
  let status = processes.resume(pid, resumeKinds.sysemu, 0, start, found);
  while (status === waitBroken) status = processes.wait(pid, found);
  return status;
}

function withProcesses(body: (processes: ReplayProcesses, pid: number, found: Uint32Array) => void): () => void {
  return () => {
    const processes = startProcesses();
    try {
      body(processes, processes.first, new Uint32Array(registerWordCount));
    } finally {
      processes.close();
    }
  };
}

/** A call that stores or loads one word; the word arrives in rax, which the emulated call shows as orig_rax. */
function storeWord(processes: ReplayProcesses, pid: number, address: number, word: number, found: Uint32Array): void {
  mapCode(processes, pid, codeBytes.store);
  assert.equal(run(processes, pid, registers({ rip: code, rdi: address, rsi: word }), found), syscallStop);
}

function loadWord(processes: ReplayProcesses, pid: number, address: number, found: Uint32Array): number {
  mapCode(processes, pid, codeBytes.load);
  assert.equal(run(processes, pid, registers({ rip: code, rdi: address }), found), syscallStop);
  return value(found, 'orig_rax');
}

test(
  'an emulated call stops behind the instruction with -ENOSYS, and the next one follows',
  withProcesses((processes, pid, found) => {
    mapCode(processes, pid, codeBytes.getpidLoop);
    const next = registers({ rip: code, rsp: 0x1234, r12: 0x1234_5678_9abc });
    for (let i = 0; i < 3; i++) {
      assert.equal(run(processes, pid, next, found), syscallStop);
      assert.equal(value(found, 'orig_rax'), call.getpid);
      assert.equal(value(found, 'rip'), code + 7);
      assert.equal(value(found, 'rcx'), code + 7);
      assert.equal(value(found, 'r12'), 0x1234_5678_9abc);
      assert.equal(value(found, 'rsp'), 0x1234);
      assert.equal(found[2 * registerIndex.rax]! | 0, -38);
      next.set(found);
    }
  }),
);

test(
  'a result that looks like a restart is left alone',
  withProcesses((processes, pid, found) => {
    mapCode(processes, pid, codeBytes.getpidLoop);
    run(processes, pid, registers({ rip: code }), found);
    const next = Uint32Array.from(found);
    // -ERESTARTSYS: with orig_rax the kernel would rewind rip to the system call.
    next[2 * registerIndex.rax] = -512;
    next[2 * registerIndex.rax + 1] = -1;
    mapCode(processes, pid, [...codeBytes.getpidLoop.slice(0, 7), 0x0f, 0x0b]); // ud2 behind the call
    assert.equal(run(processes, pid, next, found), signalStop(4));
    assert.equal(value(found, 'rip'), code + 7);
  }),
);

(machineHas('rdtsc trap (PR_SET_TSC)') ? test : test.skip)(
  'rdtsc stops with SIGSEGV at the instruction, in children too',
  withProcesses((processes, pid, found) => {
    mapCode(processes, pid, codeBytes.rdtsc);
    for (const each of [pid, processes.clone(pid, cloneFlag.parent)]) {
      assert.equal(run(processes, each, registers({ rip: code }), found), signalStop(11));
      assert.equal(value(found, 'rip'), code);
      const info = processes.signalInfo(each);
      assert.equal(new DataView(info.buffer, info.byteOffset).getInt32(8, true), 0x80); // SI_KERNEL
    }
  }),
);

test(
  'calls of the tracer work from every kind of stop',
  withProcesses((processes, pid, found) => {
    assert.equal(processes.call(pid, call.munmap, memory, page), 0);
    mapCode(processes, pid, codeBytes.getpidLoop);
    assert.equal(run(processes, pid, registers({ rip: code }), found), syscallStop);
    assert.equal(processes.call(pid, call.munmap, memory, page), 0);
    mapCode(processes, pid, codeBytes.rdtsc);
    assert.equal(run(processes, pid, registers({ rip: code }), found), signalStop(11));
    assert.equal(processes.call(pid, call.munmap, memory, page), 0);
    assert.equal(processes.call(pid, call.munmap, code + 1, page), -22);
  }),
);

test(
  'extended registers come back as they were set',
  withProcesses((processes, pid) => {
    const area = processes.getXsave(pid);
    area.fill(0x5a, 160, 160 + 16 * 16); // xmm0 to xmm15
    area[512] = 2 | area[512]!; // XSTATE_BV: the SSE state is in use
    processes.setXsave(pid, area, 0, area.length);
    assert.deepEqual(processes.getXsave(pid), area);
    assert.throws(() => processes.setXsave(pid, area, 0, 16), { code: 'EFAULT' });
    assert.throws(() => processes.setXsave(pid, area, 8, area.length), RangeError);
  }),
);

test(
  'a clone without CLONE_VM has memory of its own, one with it shares',
  withProcesses((processes, pid, found) => {
    mapAnonymous(processes, pid, memory, page, mapFlag.private | mapFlag.fixed | mapFlag.anonymous);
    storeWord(processes, pid, memory, 1, found);
    const own = processes.clone(pid, cloneFlag.parent);
    const sharing = processes.clone(pid, cloneFlag.parent | cloneFlag.vm);
    assert.ok(own > 0 && sharing > 0 && own !== sharing);
    storeWord(processes, pid, memory, 2, found);
    assert.equal(loadWord(processes, own, memory, found), 1);
    assert.equal(loadWord(processes, sharing, memory, found), 2);
    processes.end(pid);
    assert.equal(loadWord(processes, sharing, memory, found), 2);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  }),
);

test(
  'nothing but our two pages is left after both sides are unmapped',
  withProcesses((processes, pid) => {
    assert.equal(processes.call(pid, call.munmap, 0, 0x7000_0000), 0);
    assert.equal(processes.call(pid, call.munmap, 0x7000_2000, 0x7fff_ffff_f000 - 0x7000_2000), 0);
    const descriptor = openSync(`/proc/${pid}/maps`, 'r');
    const text = Buffer.alloc(page);
    const lines = text.toString('latin1', 0, readSync(descriptor, text)).trim().split('\n');
    closeSync(descriptor);
    const ranges = lines.filter((line) => !line.endsWith('[vsyscall]')).map((line) => line.split(' ')[0]);
    assert.deepEqual(ranges, ['70000000-70001000', '70001000-70002000']);
    // And it still works.
    const child = processes.clone(pid, cloneFlag.parent);
    assert.equal(processes.call(child, call.munmap, memory, page), 0);
  }),
);

test(
  'a descriptor of ours can be mapped there, and its number is inherited',
  withProcesses((processes, pid, found) => {
    const folder = mkdtempSync(join(tmpdir(), 'rr-replay-'));
    writeFileSync(join(folder, 'file'), Buffer.alloc(page, 'x'));
    const ours = openSync(join(folder, 'file'), 'r');
    rmSync(folder, { recursive: true });
    const theirs = processes.sendDescriptor(pid, ours);
    closeSync(ours);
    assert.equal(theirs, 0);
    const child = processes.clone(pid, cloneFlag.parent);
    for (const each of [pid, child]) {
      const flags = mapFlag.private | mapFlag.fixed;
      assert.equal(processes.call(each, call.mmap, memory, page, protection.read, flags, theirs, 0), memory);
      loadWord(processes, each, memory + 4, found);
      assert.equal(found[2 * registerIndex.orig_rax], 0x78787878);
    }
    assert.equal(processes.sendDescriptor(pid, -1), -9);
  }),
);

test(
  'a file in memory is one for all that map it shared, and for us',
  withProcesses((processes, pid, found) => {
    const file = primitives().createMemoryFile('test');
    ftruncateSync(file, page);
    const theirs = processes.sendDescriptor(pid, file);
    const child = processes.clone(pid, cloneFlag.parent);
    const flags = mapFlag.shared | mapFlag.fixed;
    const readWrite = protection.read | protection.write;
    for (const each of [pid, child]) {
      assert.equal(processes.call(each, call.mmap, memory, page, readWrite, flags, theirs, 0), memory);
    }
    storeWord(processes, pid, memory, 77, found);
    assert.equal(loadWord(processes, child, memory, found), 77);
    writeSync(file, Uint8Array.of(78), 0, 1, 0);
    assert.equal(loadWord(processes, pid, memory, found), 78);
    closeSync(file);
  }),
);

test(
  'memory is written whatever the protection, and up to where it ends',
  withProcesses((processes, pid) => {
    const flags = mapFlag.private | mapFlag.fixed | mapFlag.anonymous;
    assert.equal(processes.call(pid, call.mmap, memory, page, protection.read, flags, -1, 0), memory);
    const bytes = Uint8Array.of(1, 2, 3, 4);
    assert.equal(processes.writeMemory(pid, memory, bytes, 0, 4), 4);
    assert.equal(processes.writeMemory(pid, memory + page - 2, bytes, 0, 4), 2);
    assert.equal(processes.writeMemory(pid, memory + page, bytes, 0, 4), 0);
    const back = new Uint8Array(4);
    assert.equal(processes.readMemory(pid, memory + page - 2, back, 1, 3), 2);
    assert.deepEqual(back, Uint8Array.of(0, 1, 2, 0));
    assert.throws(() => processes.writeMemory(pid, memory, bytes, 2, 3), RangeError);
    assert.throws(() => processes.writeMemory(process.pid, memory, bytes, 0, 4), { code: 'ESRCH' });
    const whole = processes.checksum(pid, memory, page, false);
    assert.notEqual(whole, 0n);
    assert.equal(processes.checksum(pid, memory, page, true), whole);
    assert.equal(processes.checksum(pid, memory + page, page, false), 0n);
  }),
);

test(
  'no call that a replay does not need, and none that works on our pages, is made',
  withProcesses((processes, pid) => {
    const refused = -1;
    const ours = 0x7000_0000;
    const fixed = mapFlag.private | mapFlag.fixed | mapFlag.anonymous;
    for (const number of [call.getpid, call.creat, 59, 101, 231, 435])
      assert.equal(processes.call(pid, number), refused);
    const untraced = 0x80_0000;
    assert.equal(processes.call(pid, call.clone, cloneFlag.parent | untraced), refused);
    assert.equal(processes.clone(pid, cloneFlag.parent | untraced), refused);
    // Lengths are rounded up, ranges may begin below, and wrap around.
    const ranges: readonly (readonly [number, number])[] = [
      [ours, page],
      [ours + page, page],
      [ours - page, page + 1],
      [0, 0x7000_0001],
      [code, 2 ** 47],
      [ours - page, 2 ** 63],
    ];
    for (const [start, length] of ranges) {
      for (const number of [call.munmap, call.mprotect, call.madvise, call.mremap]) {
        assert.equal(processes.call(pid, number, start, length, 4), refused, `${number} ${start} ${length}`);
      }
      assert.equal(processes.call(pid, call.mmap, start, length, 7, fixed, -1, 0), refused);
      assert.equal(processes.call(pid, call.mremap, code, page, length, 3, start), refused);
    }
    assert.equal(processes.call(pid, call.munmap, ours - page, page), 0);
    assert.equal(processes.call(pid, call.munmap, ours + 2 * page, page), 0);
  }),
);

test(
  'nothing is written to our pages',
  withProcesses((processes, pid) => {
    const ours = 0x7000_0000;
    mapAnonymous(processes, pid, ours - page, page, mapFlag.private | mapFlag.fixed | mapFlag.anonymous);
    const bytes = new Uint8Array(64);
    for (const address of [ours, ours + 1, ours + page, ours + 2 * page - 1]) {
      assert.equal(processes.writeMemory(pid, address, bytes, 0, 64), 0);
    }
    assert.equal(processes.writeMemory(pid, ours - 2, bytes, 0, 64), 2);
    assert.equal(processes.call(pid, call.munmap, code, page), 0);
  }),
);

test(
  'a step at a system call makes none',
  withProcesses((processes, pid, found) => {
    // mov eax, 39; syscall
    mapCode(processes, pid, codeBytes.getpidLoop);
    const next = registers({ rip: code });
    assert.equal(processes.resume(pid, resumeKinds.sysemuStep, 0, next, found), signalStop(5));
    assert.equal(processes.resume(pid, resumeKinds.sysemuStep, 0, found, found), syscallStop);
    assert.equal(value(found, 'orig_rax'), call.getpid);
    assert.equal(found[2 * registerIndex.rax]! | 0, -38);
    for (const how of [7, 9, 24]) {
      assert.throws(() => processes.resume(pid, how as 31, 0, next, found), RangeError);
    }
  }),
);

test(
  'a wait for a process that computes is broken, and its processor time grows',
  withProcesses((processes, pid, found) => {
    mapCode(processes, pid, codeBytes.spin);
    const before = processes.processorTime(pid);
    assert.equal(processes.resume(pid, resumeKinds.sysemu, 0, registers({ rip: code }), found), waitBroken);
    assert.equal(processes.wait(pid, found), waitBroken);
    assert.ok(processes.processorTime(pid) > before);
  }),
);

test(
  'a process killed from outside shows as its wait status',
  withProcesses((processes, pid, found) => {
    mapCode(processes, pid, codeBytes.spin);
    // The timer that breaks waits may come while one ends.
    for (let round = 0; round < killedProcesses; round++) {
      const child = processes.clone(pid, cloneFlag.parent);
      process.kill(child, 'SIGKILL');
      assert.equal(run(processes, child, registers({ rip: code }), found), 9);
      assert.equal(processes.call(child, call.munmap, memory, page), -3);
    }
  }),
);

test('closing kills all processes', () => {
  const processes = startProcesses();
  const child = processes.clone(processes.first, cloneFlag.parent);
  processes.close();
  for (const pid of [processes.first, child]) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('binding to a processor that is not there says so', () => {
  assert.throws(() => primitives().bindToProcessor(4095), { code: 'EINVAL' });
});

test.run();
