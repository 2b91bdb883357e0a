/**
 * A new program. Nothing is executed: the process throws its memory away and maps what the trace recorded, so that the
 * program's file may be gone, and no file of the user's is ever opened.
 */
import { type FrameView, registerIndex, taskKinds } from '../../generated/schema.ts';
import { syscallNumbers } from '../../syscalls/numbers.ts';
import { AddressSpace, type ProgramStart, runtimeEnd, runtimeStart, userEnd } from '../address-space.ts';
import { applyData } from '../apply-data.ts';
import { mapRecords } from '../map-records.ts';
import { readFrameRegisters, register } from '../registers.ts';
import { callOrDiverge } from '../remote-memory.ts';
import type { Replayer } from '../replayer.ts';
import type { Task } from '../task.ts';
import { taskRecord } from '../task-record.ts';

const cloneParent = 0x8000;

export function replayExec(replayer: Replayer, frame: FrameView): void {
  const record = taskRecord(replayer, frame, taskKinds.exec);
  const task = replayer.taskOf(frame, record.parentTid);
  const path = Buffer.from(record.payload).toString().split('\0')[0] ?? '';
  endOtherThreads(replayer, frame, task);
  leaveMemory(replayer, frame, task);
  task.name = path.slice(path.lastIndexOf('/') + 1);
  task.inCall = false;
  task.interrupted = undefined;
  // The kernel lets cpuid work again at an exec (arch_setup_new_exec); our process has seen none.
  mapRecords(replayer, frame, task);
  readFrameRegisters(frame, replayer.expected);
  applyData(replayer, frame);
  replayer.adopt(frame, task);
  if (replayer.controller !== undefined) task.addressSpace.start = readProgramStart(replayer, frame, task);
}

const wordSize = 8;
/** Words looked at above the stack pointer: argument and environment pointers, and the auxiliary vector. */
const mostWords = 1 << 16;

/** argc, the argument pointers, the environment's, the auxiliary vector: System V ABI for x86-64, 3.4.1. */
function readProgramStart(replayer: Replayer, frame: FrameView, task: Task): ProgramStart {
  const stack = Buffer.alloc(mostWords * wordSize);
  const { processes } = replayer;
  const read = processes.readMemory(task.pid, register(task.registers, registerIndex.rsp), stack, 0, stack.length);
  const words = Math.floor(Math.max(0, read) / wordSize);
  const word = (index: number): bigint => (index < words ? stack.readBigUInt64LE(index * wordSize) : 0n);
  const count = Math.min(Number(word(0)), words);
  const names: string[] = [];
  const piece = Buffer.alloc(4096);
  for (let index = 0; index < count; index++) {
    const length = processes.readMemory(task.pid, Number(word(1 + index)), piece, 0, piece.length);
    names.push(piece.toString('latin1', 0, Math.max(0, length)).split('\0', 1)[0]!);
  }
  let at = count + 2;
  while (at < words && word(at) !== 0n) at++;
  const first = ++at;
  while (at < words && word(at) !== 0n) at += 2;
  const end = Math.min(words, at + 2);
  return {
    event: frame.eventNumber,
    arguments: names,
    auxiliaryVector: Uint8Array.from(stack.subarray(first * wordSize, end * wordSize)),
  };
}

/** The other threads of the process are gone without events, and the task has the leader's id now. */
function endOtherThreads(replayer: Replayer, frame: FrameView, task: Task): void {
  for (const other of [...replayer.tasks.values()]) {
    if (other !== task && other.threadGroup === task.threadGroup) replayer.drop(other);
  }
  if (task.tid === frame.tid) return;
  if (replayer.tasks.has(frame.tid))
    throw replayer.malformedEvent(frame, `gives its task the id ${frame.tid}, which is taken`);
  replayer.tasks.delete(task.tid);
  task.tid = frame.tid;
  replayer.tasks.set(task.tid, task);
}

/** Leaves the task with an address space of its own that holds our two pages alone. */
function leaveMemory(replayer: Replayer, frame: FrameView, task: Task): void {
  const { processes } = replayer;
  if (task.addressSpace.tasks.size > 1) {
    // Shared with others (vfork), who keep it: go on in a copy.
    const pid = processes.clone(task.pid, cloneParent);
    if (pid < 0) throw replayer.callDivergence(frame, task, 'making a process (clone)', pid);
    processes.end(task.pid);
    task.pid = pid;
  }
  task.addressSpace.tasks.delete(task);
  for (const key of task.addressSpace.keys) processes.call(task.pid, syscallNumbers.pkey_free, key);
  task.addressSpace = new AddressSpace();
  task.addressSpace.tasks.add(task);
  callOrDiverge(replayer, frame, task, 'munmap', 0, runtimeStart);
  callOrDiverge(replayer, frame, task, 'munmap', runtimeEnd, userEnd - runtimeEnd);
}
