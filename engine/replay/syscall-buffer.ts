/**
 * The syscall buffer in replay: the calls that the in-tracee runtime recorded since the task's last event are put into
 * the process's own buffer, where its hook takes them one by one, without a stop (docs/syscall-buffer.md).
 */
import { eventKinds, type FrameView, frameFlags, registerIndex } from '../generated/schema.ts';
import { syscallName } from '../syscalls/decode.ts';
import { bufferedCall, bufferSize, lastEntry, readBufferEntries, trappedInstruction } from '../trace/buffer-entries.ts';
import { register, setRegister, trapFlag } from './registers.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';
import { sentDivergence, stringAt, stringDivergence } from './verify-sent.ts';
import { isStopped, sigtrap, stopSignal, syscallStop } from './wait-status.ts';

/**
 * preload/layout.h: the locals page, the buffer, and in the locals `returnAddress`, `used`, which `next` follows, the hook
 * of rdtsc, which that of rdtscp follows, `timeLength` and `savedRcx`.
 */
const localsStart = 0x7000_8000;
const bufferStart = 0x7001_0000;
const returnAddressAt = localsStart + 16;
const usedAt = localsStart + 24;
/** Offsets from `returnAddress`: of `next`, `made` and `madeResult`. */
const nextOffset = 16;
const madeOffset = 32;
const madeResultOffset = 40;
const calledBytes = 48;
/** enum rr_difference */
const stringDiffers = 1;
const timeEntryAt = localsStart + 80;
const timeLengthAt = localsStart + 96;
const savedRcxAt = localsStart + 104;
/** Offsets in struct rr_buffer_entry. */
const numberAt = 4;
const returnAddressTopAt = 15;
const stopBehind = 0x80;
/** A stub: mov $returnAddress, %rcx; jmp *entry. That of rdtsc: mov %rcx, savedRcx; lea offset(%rip), %rcx; jmp *entry. */
const stubSize = 22;
const callStub = { move: 0xb948, jumpAt: 10, entry: localsStart } as const;
const timeStub = { move: 0x250c_8948, relativeAt: 11, relativeEnd: 15, jumpAt: 15 } as const;
const jump = 0x2524ff;
const rdtscLength = 2;
const rdtscpLength = 3;

/** Entries of the event under way. */
const gathered = Buffer.alloc(bufferSize);
const words = new Uint8Array(calledBytes);
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
  if (entries === undefined) throw replayer.malformedEvent(frame, 'lacks buffered calls that it announces');
  // Killed somewhere behind them: nobody sees what it did there.
  if (frame.eventKind === eventKinds.exit) return undefined;
  const task = replayer.taskOf(frame);
  if (task.inCall) throw replayer.malformedEvent(frame, `has buffered calls of task ${task.tid}, which is in a call`);
  const last = lastEntry(entries);
  if (last === undefined) throw replayer.malformedEvent(frame, 'has a malformed buffered call');
  const stops = isAsynchronous(frame);
  if (stops) entries[last + returnAddressTopAt]! |= stopBehind;
  const { progress } = replayer;
  if (!progress.isLoaded) writeBuffer(replayer, frame, task, entries);
  progress.isLoaded = true;
  replayer.ticks?.ranOurCode(task);
  if (stops && !progress.isBehind) runBehindBuffer(replayer, frame, task);
  progress.isBehind = true;
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
 * call from there, or rdtsc traps, as in the recording. True when the stop was that; the registers are then those to go
 * on with.
 */
export function stepOverStub(replayer: Replayer, task: Task): boolean {
  const { found, processes } = replayer;
  if ((found[2 * registerIndex.eflags]! & trapFlag) === 0) return false;
  const code = new Uint8Array(stubSize);
  const rip = register(found, registerIndex.rip);
  if (processes.readMemory(task.pid, rip, code, 0, stubSize) !== stubSize) return false;
  const view = new DataView(code.buffer);
  const jumpsBy = (at: number) => ((view.getUint32(at, true) & 0xff_ffff) === jump ? view.getUint32(at + 3, true) : 0);
  if (view.getUint16(0, true) === callStub.move && jumpsBy(callStub.jumpAt) === callStub.entry) {
    if (processes.writeMemory(task.pid, returnAddressAt, code, 2, 8) !== 8) return false;
    setRegister(found, registerIndex.rip, processes.runtimeAddresses.afterTraced - 2);
    return true;
  }
  const entry = jumpsBy(timeStub.jumpAt);
  if (view.getUint32(0, true) !== timeStub.move || view.getUint32(4, true) !== savedRcxAt) return false;
  if (entry !== timeEntryAt && entry !== timeEntryAt + 8) return false;
  const returnAddress = rip + timeStub.relativeEnd + view.getInt32(timeStub.relativeAt, true);
  wordsView.setBigUint64(0, BigInt(returnAddress), true);
  wordsView.setBigUint64(8, BigInt(entry === timeEntryAt ? rdtscLength : rdtscpLength), true);
  if (processes.writeMemory(task.pid, returnAddressAt, words, 0, 8) !== 8) return false;
  if (processes.writeMemory(task.pid, timeLengthAt, words, 8, 8) !== 8) return false;
  setRegister(found, registerIndex.rip, processes.runtimeAddresses.timeTrap);
  return true;
}

/** A trap of the runtime's own rdtsc, which has no entry left, is one of the program's instruction. */
export function showProgramTime(replayer: Replayer, task: Task): void {
  const { found, processes } = replayer;
  if (register(found, registerIndex.rip) !== processes.runtimeAddresses.timeTrap) return;
  replayer.ticks?.ranOurCode(task);
  if (processes.readMemory(task.pid, timeLengthAt, words, 0, 8) !== 8) return;
  const length = wordsView.getUint32(0, true);
  setRegister(found, registerIndex.rip, readReturnAddress(replayer, task) - length);
}

/**
 * A system call stop of the runtime's own instruction is one of the program's, whose registers `found` gets.
 * @throws Divergence where the call was to be the next of the buffer, but reads or sends something else
 */
export function showProgramAddress(replayer: Replayer, frame: FrameView, task: Task): void {
  const { found, processes } = replayer;
  if (register(found, registerIndex.rip) !== processes.runtimeAddresses.afterTraced) return;
  replayer.ticks?.ranOurCode(task);
  processes.readMemory(task.pid, returnAddressAt, words, 0, calledBytes);
  const address = addressIn(0);
  if (wordsView.getUint32(madeOffset, true) !== 0) throw differingCall(replayer, frame, task);
  setRegister(found, registerIndex.rip, address);
  setRegister(found, registerIndex.rcx, address);
}

/** Behind the program's instruction for which the hook works. */
function readReturnAddress({ processes }: Replayer, task: Task): number {
  processes.readMemory(task.pid, returnAddressAt, words, 0, 8);
  return addressIn(0);
}

/** In what was read last. */
function addressIn(offset: number): number {
  return wordsView.getUint32(offset, true) + wordsView.getUint32(offset + 4, true) * 0x1_0000_0000;
}

/** The hook has told, in what was read last, how its call is another than the entry's. */
function differingCall(replayer: Replayer, frame: FrameView, task: Task): Error {
  const difference = wordsView.getUint32(madeOffset, true);
  const address = addressIn(madeResultOffset);
  const entries = Buffer.alloc(bufferSize);
  const from = bufferStart + wordsView.getUint32(nextOffset, true);
  const got = replayer.processes.readMemory(task.pid, from, entries, 0, bufferStart + bufferSize - from);
  const { number, strings, sent, sentLength } = bufferedCall(entries.subarray(0, got), 0);
  if (difference !== stringDiffers) {
    return sentDivergence(replayer, frame, task, number, sentLength, sent, address);
  }
  const string = strings.find((each) => Number(each.address) === address)?.bytes ?? new Uint8Array(0);
  return stringDivergence(replayer, frame, task, number, string, stringAt(replayer, task, address));
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
  const { afterStop, afterTimeStop } = replayer.processes.runtimeAddresses;
  const rip = register(found, registerIndex.rip);
  if (!trapped || (rip !== afterStop && rip !== afterTimeStop)) {
    throw replayer.stopDivergence(frame, task, 'the trap behind the last buffered call', status);
  }
  setRegister(found, registerIndex.rip, readReturnAddress(replayer, task));
  task.registers.set(found);
}

function describeEntry(replayer: Replayer, task: Task, offset: number): string {
  if (offset + 16 > bufferSize) return `at offset ${offset}`;
  if (replayer.processes.readMemory(task.pid, bufferStart + offset, words, 0, 16) !== 16) return `at offset ${offset}`;
  const number = wordsView.getUint16(numberAt, true);
  return `${trappedInstruction(number) ?? syscallName(number) ?? number}, made at 0x${(wordsView.getBigUint64(8, true) & 0x7fff_ffff_ffff_ffffn).toString(16)},`;
}

function bufferGone(replayer: Replayer, frame: FrameView, task: Task): Error {
  return replayer.divergence(frame, task, {
    expected: 'the in-tracee runtime, mapped at an event before',
    found: 'no memory there',
  });
}
