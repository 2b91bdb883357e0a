/**
 * Lanes without what other recordings have: a trace whose chunks are patches refers to pieces that other recordings of the
 * program put into the store, with what those were given. Who is handed this trace shall not have that, too.
 */
import type { LaneName } from '../schema/schema.ts';
import { type Chunk, readChunkHeader } from './chunk.ts';
import { IndexEncoder } from './index-encoder.ts';
import { laneOrder } from './lane-files.ts';
import { LaneWriter } from './lane-writer.ts';
import type { TraceReader } from './reader.ts';
import type { LaneExtent } from './trace-header.ts';

/** Whether a trace has chunks that are patches. */
export function hasPatches(reader: TraceReader): boolean {
  return reader.basePieces().next().done !== true;
}

/**
 * Writes the lanes of a trace to a directory, none of them a patch; with indexes where its recording was closed.
 * @throws TraceError of the store's, of damage in a trace that was closed, TRACE_UNWRITABLE
 */
export function writePlainLanes(reader: TraceReader, directory: string): Record<LaneName, LaneExtent> {
  if (reader.end !== undefined && reader.damage !== undefined) throw reader.damage;
  const encoder = reader.end && new IndexEncoder();
  const extents = laneOrder.map((lane) => [lane, writeLane(reader, lane, directory, encoder)]);
  return Object.fromEntries(extents) as Record<LaneName, LaneExtent>;
}

function writeLane(
  reader: TraceReader,
  lane: LaneName,
  directory: string,
  encoder: IndexEncoder | undefined,
): LaneExtent {
  const writer = new LaneWriter(directory, lane, { create: true });
  try {
    const chunks: Chunk[] = [];
    let end = 0;
    for (const bytes of reader.plainChunks(lane)) {
      writer.append(bytes, 0, bytes.length);
      chunks.push(readChunkHeader(bytes, 0, end)!);
      end += bytes.length;
    }
    return { size: end + (encoder?.append(writer, lane, chunks) ?? 0), index: end };
  } finally {
    writer.close();
  }
}
