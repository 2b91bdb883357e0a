/** What can be said of a chunk before a byte of it is read: of an index entry, or of a header. */
import { chunkHeaderSize, frameSize, lanes } from '../generated/schema.ts';
import { type Chunk, chunkLength } from './chunk.ts';
import { maxSlotSize, maxSlotsOfChunk, maxStoredSize } from './limits.ts';

/** What is wrong with a chunk of records of that lane that must end before `end`; undefined when nothing is. */
export function chunkFault(chunk: Chunk, laneNumber: number, end: number): string | undefined {
  if (chunk.storedSize > maxStoredSize || chunk.rawSize > maxSlotSize)
    return 'a chunk claims more bytes than it may have';
  if (chunk.offset > end - chunkHeaderSize || chunkLength(chunk) > end - chunk.offset) {
    return 'a chunk would end behind the end of the chunks';
  }
  if (chunk.firstEvent < 1 || chunk.lastEvent < chunk.firstEvent || chunk.recordCount < 1) {
    return 'a chunk’s events are impossible';
  }
  if (chunk.laneMask >> Object.keys(lanes).length !== 0 || (chunk.laneMask & (1 << laneNumber)) === 0) {
    return 'a chunk’s lanes are impossible';
  }
  if (chunk.slotCount > maxSlotsOfChunk) return 'a chunk claims to be of more slots than it may';
  if (laneNumber === lanes.events) {
    // Every event has one frame, and frames have one size.
    if (chunk.lastEvent - chunk.firstEvent + 1 !== chunk.recordCount) return 'a chunk’s count of frames is impossible';
    if (chunk.recordCount * frameSize !== chunk.rawSize) return 'a chunk of frames has an impossible size';
  }
  return undefined;
}
