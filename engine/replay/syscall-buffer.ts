/**
 * The syscall buffer in replay: the calls that the in-tracee runtime recorded since the task's last event are put into
 * the process's own buffer, where its hook takes them one by one, without a stop (docs/syscall-buffer.md).
 */
import { eventKinds, type FrameView, frameFlags, registerIndex } from '../generated/schema.ts';
import { syscallName } from '../syscalls/decode.ts';
import { bufferSize, lastEntry, readBufferEntries } from '../trace/buffer-entries.ts';
import { register, setRegister } from './registers.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';
import { isStopped, stopSignal, syscallStop } from './wait-status.ts';

/** preload/layout.h: the locals page, the buffer, and in the locals `returnAddress` and `used`, which `next` follows. */
const localsStart = 0x7000_8000;
const bufferStart = 0x7001_0000;
const returnAddressAt = localsStart + 16;
const usedAt = localsStart + 24;
/** Offsets in struct rr_buffer_entry. */
const numberAt = 4;
const returnAddressTopAt = 15;
const stopBehind = 0x80;
const sigtrap = 5;
/** TF of rflags. */
const trapFlag = 0x100;
/** A stub: mov $returnAddress, %rcx (10 bytes); jmp *0x70008000. */
const stubJump = [0xff, 0x24, 0x25, 0x00, 0x80, 0x00, 0x70];
const stubSize = 17;

/** Entries of the event under way. */
const gathered = Buffer.alloc(bufferSize);
const words = new Uint8Array(16);
const wordsView = new DataView(words.buffer);

function isAsynchronous(frame: FrameView): boolean {
  if (frame.eventKind === eventKinds.sched) return true;
  return (
    frame.eventKind === eventKinds.signal &&
    (frame.flags & (frameFlags.deterministic | frameFlags.atSyscallEntry)) === 0
  );
}

/**
 * Takes the event's entries and gives them to the process. Where the event comes at no instruction of its own, the task
 * is run behind the last of the calls. Returns the task, or undefined when it will not run any more.
 * @throws Divergence, EngineError BAD_EVENT
 */
export function loadBuffer(replayer: Replayer, frame: FrameView): Task | undefined {
  const entries = readBufferEntries(() => replayer.source.nextData(), gathered);
  if (entries === undefined) throw replayer.nonsense(frame, 'lacks buffered calls that it announces');
  // Killed somewhere behind them: nobody sees what it did there.
  if (frame.eventKind === eventKinds.exit) return undefined;
  const task = replayer.taskOf(frame);
  if (task.inCall) throw replayer.nonsense(frame, `has buffered calls of task ${task.tid}, which is in a call`);
  const last = lastEntry(entries);
  if (last === undefined) throw replayer.nonsense(frame, 'has a malformed buffered call');
  const stops = isAsynchronous(frame);
  if (stops) entries[last + returnAddressTopAt]! |= stopBehind;
  writeBuffer(replayer, frame, task, entries);
  replayer.ticks?.ranOurCode(task);
  if (stops) runBehindBuffer(replayer, frame, task);
  return task;
}

/** After the event: each entry must have been used. @throws Divergence */
export function checkBufferUsed(replayer: Replayer, frame: FrameView, task: Task): void {
  if (replayer.processes.readMemory(task.pid, usedAt, words, 0, 16) !== 16) throw bufferGone(replayer, frame, task);
  const used = wordsView.getUint32(0, true);
  const next = wordsView.getUint32(8, true);
  if (next === used) return;
  throw replayer.divergence(frame, task, {
    expected: `the buffered call ${describeEntry(replayer, task, next)} before this event`,
    found: 'the event, without that call',
  });
}

/**
 * The program steps itself, by the trap flag, and the jump at a patched instruction has taken it to a stub: it makes the
 * call from there, as in the recording. True when the stop was that; the registers are then those to go on with.
 */
export function stepOverStub(replayer: Replayer, task: Task): boolean {
  const { found, processes } = replayer;
  if ((found[2 * registerIndex.eflags]! & trapFlag) === 0) return false;
  const code = new Uint8Array(stubSize);
  const rip = register(found, registerIndex.rip);
  if (processes.readMemory(task.pid, rip, code, 0, stubSize) !== stubSize) return false;
  if (code[0] !== 0x48 || code[1] !== 0xb9 || !stubJump.every((byte, index) => code[10 + index] === byte)) return false;
  if (processes.writeMemory(task.pid, returnAddressAt, code, 2, 8) !== 8) return false;
  setRegister(found, registerIndex.rip, processes.runtimeAddresses.afterTraced - 2);
  return true;
}

/** A system call stop of the runtime's own instruction is one of the program's, whose registers `found` gets. */
export function showProgramAddress(replayer: Replayer, task: Task): void {
  const { found, processes } = replayer;
  if (register(found, registerIndex.rip) !== processes.runtimeAddresses.afterTraced) return;
  replayer.ticks?.ranOurCode(task);
  if (processes.readMemory(task.pid, returnAddressAt, words, 0, 8) !== 8) return;
  const address = wordsView.getUint32(0, true) + wordsView.getUint32(4, true) * 0x1_0000_0000;
  setRegister(found, registerIndex.rip, address);
  setRegister(found, registerIndex.rcx, address);
}

function writeBuffer(replayer: Replayer, frame: FrameView, task: Task, entries: Buffer): void {
  const { processes } = replayer;
  wordsView.setBigUint64(0, BigInt(entries.length), true);
  wordsView.setBigUint64(8, 0n, true);
  const whole =
    processes.writeMemory(task.pid, bufferStart, entries, 0, entries.length) === entries.length &&
    processes.writeMemory(task.pid, usedAt, words, 0, 16) === 16;
  if (!whole) throw bufferGone(replayer, frame, task);
}

/** Runs the task to the trap behind the last entry's call. */
function runBehindBuffer(replayer: Replayer, frame: FrameView, task: Task): void {
  const { found } = replayer;
  const status = replayer.run(frame, task);
  const trapped = isStopped(status) && status !== syscallStop && stopSignal(status) === sigtrap;
  if (!trapped || register(found, registerIndex.rip) !== replayer.processes.runtimeAddresses.afterStop) {
    throw replayer.stopDivergence(frame, task, 'the trap behind the last buffered call', status);
  }
  setRegister(found, registerIndex.rip, register(found, registerIndex.rcx));
  task.registers.set(found);
}

function describeEntry(replayer: Replayer, task: Task, offset: number): string {
  if (offset + 16 > bufferSize) return `at offset ${offset}`;
  if (replayer.processes.readMemory(task.pid, bufferStart + offset, words, 0, 16) !== 16) return `at offset ${offset}`;
  const number = wordsView.getUint16(numberAt, true);
  return `${syscallName(number) ?? number}, made at 0x${(wordsView.getBigUint64(8, true) & 0x7fff_ffff_ffff_ffffn).toString(16)},`;
}

function bufferGone(replayer: Replayer, frame: FrameView, task: Task): Error {
  return replayer.divergence(frame, task, {
    expected: 'the in-tracee runtime, mapped at an event before',
    found: 'no memory there',
  });
}
