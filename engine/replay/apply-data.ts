import { readFileSync } from 'node:fs';
import { type DataRecordView, dataSize, dataSpaces, type FrameView } from '../generated/schema.ts';
import { syscallNumbers } from '../syscalls/numbers.ts';
import { pageDown, pageUp } from './address-space.ts';
import { echoRecord } from './echo-output.ts';
import { protectionAt } from './private-mappings.ts';
import { callOrDiverge, checkWritten, mapFlags, memoryCallRefused } from './remote-memory.ts';
import { isReplacement, replacedReach } from './replaced-bytes.ts';
import type { Replayer } from './replayer.ts';
import type { Task } from './task.ts';
import { verifyChecksums } from './verify-checksums.ts';
import { verifyString } from './verify-sent.ts';

/** DR0 to DR7, bytes. */
const debugRegistersSize = 64;
/** How far below its mapping the kernel lets a stack grow at once here; limits were lifted (replay-stub.c). */
const stackReach = 2 ** 30;
/** Of what the recorder writes for a patch (patched-code.ts). */
const mostPatchBytes = 24;
const protExec = 4;

/**
 * Goes through the data records of an event: writes back what the kernel wrote, prints output, and verifies memory where
 * the trace has checksums of it, which come last. Returns true when there was output.
 */
export function applyData(replayer: Replayer, frame: FrameView): boolean {
  let hadOutput = false;
  for (let record = replayer.source.nextData(); record !== undefined; record = replayer.source.nextData()) {
    switch (record.space) {
      case dataSpaces.memory:
        writeMemory(replayer, frame, replayer.taskOf(frame, record.tid), record);
        break;
      case dataSpaces.xsave:
        setXsave(replayer, frame, replayer.taskOf(frame, record.tid), record);
        break;
      case dataSpaces.debugRegisters:
        setDebugRegisters(replayer, frame, replayer.taskOf(frame, record.tid), record);
        break;
      case dataSpaces.checksum:
        replayer.controller?.lift(replayer.taskOf(frame, record.tid).addressSpace);
        verifyChecksums(replayer, frame, replayer.taskOf(frame, record.tid), record);
        break;
      case dataSpaces.output:
        echoRecord(replayer, frame, record);
        hadOutput = true;
        break;
      case dataSpaces.string:
        verifyString(replayer, frame, replayer.taskOf(frame, record.tid), record);
        break;
      case dataSpaces.signalInfo:
        // For reports and dumps.
        break;
      default:
        throw replayer.malformedEvent(frame, `has data of space ${record.space}, which this version does not know`);
    }
  }
  return hadOutput;
}

function setXsave(replayer: Replayer, frame: FrameView, task: Task, record: DataRecordView): void {
  try {
    replayer.processes.setXsave(task.pid, record.buffer, record.position + dataSize, record.length);
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? String(error);
    throw replayer.divergence(frame, task, {
      expected: `this processor takes the recorded extended registers (${record.length} bytes)`,
      found: `the kernel refuses them (${found}): the recording's processor has other features than this one`,
    });
  }
}

function setDebugRegisters(replayer: Replayer, frame: FrameView, task: Task, record: DataRecordView): void {
  const { buffer, length } = record;
  if (length !== debugRegistersSize) throw replayer.malformedEvent(frame, `has debug registers of ${length} bytes`);
  try {
    const start = record.position + dataSize;
    replayer.processes.setDebugRegisters(task.pid, buffer, start, length);
    task.tracerRegisters = buffer.slice(start, start + length);
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? String(error);
    throw replayer.divergence(frame, task, {
      expected: 'the debug registers that the tracer has set',
      found: `the kernel refuses them (${found})`,
    });
  }
}

function writeMemory(replayer: Replayer, frame: FrameView, task: Task, record: DataRecordView): void {
  const { processes } = replayer;
  const address = record.addressNumber;
  const { length } = record;
  const start = record.position + dataSize;
  checkWritten(replayer, frame, address, length);
  if (length === 1) noteReplaced(replayer, task, address, record.buffer[start]!);
  if (length <= mostPatchBytes) task.addressSpace.patched.note(address, record.buffer.subarray(start, start + length));
  let done = processes.writeMemory(task.pid, address, record.buffer, start, length);
  while (done < length) {
    const at = address + done;
    const part = writeShared(replayer, task, at, record.buffer.subarray(start + done, start + length));
    if (
      part === 0 &&
      !extendPrivateFile(replayer, frame, task, at, length - done) &&
      !growStack(replayer, frame, task, at)
    ) {
      throw replayer.divergence(frame, task, {
        expected: `memory at 0x${at.toString(16)}, where the kernel wrote ${length - done} bytes`,
        found: 'no memory there',
      });
    }
    done += part;
    if (done < length)
      done += processes.writeMemory(task.pid, address + done, record.buffer, start + done, length - done);
  }
  replayer.controller?.wroteMemory(task, address, length);
}

/** A byte of code that the recorder has made another one is about to be written. */
function noteReplaced({ processes }: Replayer, { pid, addressSpace }: Task, address: number, value: number): void {
  if (addressSpace.files.find(address)?.privateKey === undefined) return;
  const there = new Uint8Array(replacedReach);
  const from = address + 1 - there.length;
  if (processes.readMemory(pid, from, there, 0, there.length) !== there.length) return;
  const isCode = isReplacement(value, there) && (processes.protectionAt(pid, address) & protExec) !== 0;
  if (isCode) addressSpace.patched.trapping.add(address, value);
}

/** A shared mapping that must not be written, even by ptrace: write to its file. Returns the bytes written. */
function writeShared(replayer: Replayer, task: Task, address: number, bytes: Uint8Array): number {
  const file = task.addressSpace.files.find(address);
  if (file?.sharedKey === undefined) return 0;
  const length = Math.min(bytes.length, file.end - address);
  replayer.shared.write(file.sharedKey, file.offset + (address - file.start), bytes.subarray(0, length));
  return length;
}

/** The file of a private mapping has grown; the stored one has not. False when there is no such mapping. */
function extendPrivateFile(replayer: Replayer, frame: FrameView, task: Task, address: number, length: number): boolean {
  const file = task.addressSpace.files.find(address);
  if (file?.privateKey === undefined) return false;
  const from = pageDown(address);
  const size = Math.min(pageUp(address + length), file.end) - from;
  const flags = mapFlags.private | mapFlags.fixed | mapFlags.anonymous | mapFlags.noReserve;
  callOrDiverge(replayer, frame, task, 'mmap', from, size, protectionAt(task.pid, address), flags, -1, 0);
  return true;
}

/**
 * The kernel wrote below the stack's mapping and grew it by that. Writing through /proc/PID/mem does not grow it
 * (Linux 6.5 on), so it is extended by hand. False when there is no stack to grow.
 */
function growStack(replayer: Replayer, frame: FrameView, task: Task, address: number): boolean {
  const smaps = readFileSync(`/proc/${task.pid}/smaps`, 'latin1');
  const mapping = /^([0-9a-f]+)-([0-9a-f]+) ([r-])([w-])([x-])/gm;
  for (let match = mapping.exec(smaps); match !== null; match = mapping.exec(smaps)) {
    const start = Number.parseInt(match[1]!, 16);
    if (start <= address) continue;
    const flags = /^VmFlags:(.*)$/m.exec(smaps.slice(match.index))?.[1] ?? '';
    if (start - address > stackReach || !flags.includes(' gd')) return false;
    const protection = (match[3] === 'r' ? 1 : 0) | (match[4] === 'w' ? 2 : 0) | (match[5] === 'x' ? 4 : 0);
    const from = pageDown(address);
    const all = mapFlags.private | mapFlags.fixed | mapFlags.anonymous | mapFlags.noReserve | mapFlags.growsDown;
    const result = replayer.processes.call(task.pid, syscallNumbers.mmap, from, start - from, protection, all, -1, 0);
    if (memoryCallRefused(result)) throw replayer.callDivergence(frame, task, 'growing the stack', result);
    return true;
  }
  return false;
}
