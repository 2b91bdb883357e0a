/** Mappings as the trace records them, made in the replay at the same addresses. */
import { type FrameView, type MappingView, mappingSourceNames, mappingSources } from '../generated/schema.ts';
import { pageSize } from './address-space.ts';
import type { MappedFile } from './mapped-files.ts';
import { rebasePrivateMappings } from './private-mappings.ts';
import { callOrDiverge, checkRange, mapFlags } from './remote-memory.ts';
import type { Replayer } from './replayer.ts';
import { SharedFiles } from './shared-files.ts';
import type { Task } from './task.ts';

/** All mapping records of the event, in their order. */
export function mapRecords(replayer: Replayer, frame: FrameView, task: Task): void {
  for (let mapping = replayer.source.nextMapping(); mapping !== undefined; mapping = replayer.source.nextMapping()) {
    mapRecord(replayer, frame, task, mapping);
  }
}

function mapRecord(replayer: Replayer, frame: FrameView, task: Task, mapping: MappingView): void {
  const { addressSpace } = task;
  const start = mapping.addressNumber;
  const length = mapping.lengthNumber;
  const end = start + length;
  if (mapping.source === mappingSources.heap) addressSpace.heapEnd = end;
  if (length === 0 && mapping.source === mappingSources.heap) return;
  if (start % pageSize !== 0 || length % pageSize !== 0) {
    throw replayer.malformedEvent(
      frame,
      `maps 0x${length.toString(16)} bytes at 0x${start.toString(16)}: not whole pages`,
    );
  }
  if (mapping.source === mappingSources.runtime) {
    const result = replayer.processes.installRuntime(task.pid);
    if (result < 0) throw replayer.callDivergence(frame, task, 'mapping the in-tracee runtime', result);
    return;
  }
  checkRange(replayer, frame, start, length);
  checkFile(replayer, frame, mapping);
  addressSpace.patched.removeRange(start, end);
  addressSpace.forkAdvice.remove(start, end);
  const type = mapping.mapFlags & mapFlags.typeMask;
  const shared = type !== mapFlags.private;
  // A file's own identity makes it one for all that map it; memory shared with children only has none.
  const hasIdentity = mapping.inode !== 0n || mapping.device !== 0n;
  if (shared && hasIdentity && mapping.source !== mappingSources.anonymous) {
    mapShared(replayer, frame, task, mapping, SharedFiles.key(mapping.device, mapping.inode));
  } else if (shared) {
    // Memory shared with children only is a file of its own, so that a checkpoint can have a copy of it.
    addressSpace.files.remove(start, end);
    const key = `anonymous:${frame.eventNumber}:${start}`;
    mapShared(replayer, frame, task, mapping, key, 0);
  } else if (mapping.source === mappingSources.store) {
    mapStored(replayer, frame, task, mapping);
  } else {
    const kept = mapping.mapFlags & mapFlags.growsDown;
    const flags = mapFlags.private | kept | mapFlags.anonymous | mapFlags.noReserve;
    addressSpace.files.remove(start, end);
    place(replayer, frame, task, mapping, flags, -1);
  }
}

/** @throws EngineError BAD_EVENT for what no mapping of a recording has */
function checkFile(replayer: Replayer, frame: FrameView, mapping: MappingView): void {
  const { source, offsetNumber, lengthNumber } = mapping;
  if (mappingSourceNames[source] === undefined) {
    throw replayer.malformedEvent(frame, `has a mapping of source ${source}, which this version does not know`);
  }
  if (!Number.isSafeInteger(offsetNumber + lengthNumber))
    throw replayer.malformedEvent(frame, 'maps a file beyond byte 2^53');
  if (offsetNumber % pageSize !== 0) {
    throw replayer.malformedEvent(frame, `maps a file from byte ${offsetNumber} on, which is not the start of a page`);
  }
}

function mapStored(replayer: Replayer, frame: FrameView, task: Task, mapping: MappingView): void {
  const key = SharedFiles.key(mapping.device, mapping.inode);
  if (replayer.shared.has(key)) {
    // What others write to the file through their shared mappings shows in the pages that this one does not write.
    const file = replayer.shared.open(key, '', mapping.offsetNumber + mapping.lengthNumber);
    const descriptor = task.descriptors.obtain(replayer.processes, task.pid, key, (send) => send(file));
    checkDescriptor(replayer, frame, task, descriptor);
    addFile(task, mapping, { privateKey: key });
    // MAP_POPULATE gives a writable mapping its own copy of each page, and what others write later does not show.
    const populate = mapping.mapFlags & mapFlags.populate;
    place(replayer, frame, task, mapping, mapFlags.private | mapFlags.noReserve | populate, descriptor);
    return;
  }
  const hash = hashOf(mapping);
  const descriptor = task.descriptors.obtain(replayer.processes, task.pid, hash, (send) =>
    replayer.stored.use(mapping, hash, send),
  );
  checkDescriptor(replayer, frame, task, descriptor);
  addFile(task, mapping, { privateKey: key });
  place(replayer, frame, task, mapping, mapFlags.private | mapFlags.noReserve, descriptor);
}

function mapShared(
  replayer: Replayer,
  frame: FrameView,
  task: Task,
  mapping: MappingView,
  key: string,
  offset = mapping.offsetNumber,
): void {
  const size = offset + mapping.lengthNumber;
  const first = !replayer.shared.has(key);
  const file = replayer.shared.open(key, Buffer.from(mapping.payload).toString(), size);
  if (mapping.source === mappingSources.store) {
    const hash = hashOf(mapping);
    replayer.shared.fill(key, hash, replayer.stored.copy(mapping, hash));
  }
  const descriptor = task.descriptors.obtain(replayer.processes, task.pid, key, (send) => send(file));
  checkDescriptor(replayer, frame, task, descriptor);
  if (first) rebasePrivateMappings(replayer, frame, key, file);
  addFile(task, mapping, { sharedKey: key }, offset);
  place(replayer, frame, task, mapping, mapFlags.shared | mapFlags.noReserve, descriptor, offset);
}

function place(
  replayer: Replayer,
  frame: FrameView,
  task: Task,
  mapping: MappingView,
  flags: number,
  descriptor: number,
  offset = descriptor < 0 ? 0 : mapping.offsetNumber,
): void {
  const fixed = flags | mapFlags.fixed;
  const { addressNumber, lengthNumber, protection } = mapping;
  callOrDiverge(replayer, frame, task, 'mmap', addressNumber, lengthNumber, protection, fixed, descriptor, offset);
}

type FileKeys = Pick<MappedFile, 'sharedKey' | 'privateKey'>;

function addFile(task: Task, mapping: MappingView, keys: FileKeys, offset = mapping.offsetNumber): void {
  const start = mapping.addressNumber;
  task.addressSpace.files.add({
    start,
    end: start + mapping.lengthNumber,
    offset,
    path: Buffer.from(mapping.payload).toString(),
    ...keys,
  });
}

function checkDescriptor(replayer: Replayer, frame: FrameView, task: Task, descriptor: number): void {
  if (descriptor < 0) throw replayer.callDivergence(frame, task, 'handing over a mapped file', descriptor);
}

function hashOf(mapping: MappingView): string {
  return Buffer.from(mapping.hash).toString('hex');
}
