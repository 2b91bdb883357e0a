/**
 * The slots of a trace that can be replayed: those before the first that is missing in any lane. All lanes end at the
 * same slot, and so with the same event's frame.
 */
import type { LaneName } from '../schema/schema.ts';
import type { Chunk } from './chunk.ts';
import { laneNumbers, laneOrder } from './lane-files.ts';

export type ChunksByLane = Readonly<Record<LaneName, readonly Chunk[]>>;

export interface UsablePrefix {
  readonly chunks: ChunksByLane;
  /** The last event that has its frame in it; 0 when there is none. */
  readonly lastEvent: number;
  /** What ended it before the end of the chunks: a lane, an offset in its file if one can be named, and what. */
  readonly cut: { readonly lane: LaneName; readonly offset?: number; readonly what: string } | undefined;
}

/** Chunks in the order of their slots, each found sound by chunkFault. */
export function usablePrefix(lanes: ChunksByLane): UsablePrefix {
  const taken: Record<LaneName, number> = { events: 0, data: 0, mmaps: 0, tasks: 0 };
  const lastEvents: Record<LaneName, number> = { events: 0, data: 0, mmaps: 0, tasks: 0 };
  const next = (lane: LaneName): Chunk | undefined => lanes[lane][taken[lane]];
  let cut: UsablePrefix['cut'];

  for (let sequence = 0; ; sequence++) {
    const waiting = laneOrder.filter((lane) => next(lane) !== undefined);
    if (waiting.length === 0) break;
    const present = waiting.filter((lane) => next(lane)!.sequence === sequence);
    const [first] = present;
    if (first === undefined) {
      cut = { lane: waiting[0]!, offset: next(waiting[0]!)!.offset, what: `slot ${sequence} is missing before it` };
      break;
    }
    const mask = next(first)!.laneMask;
    const missing = laneOrder.find((lane) => (mask & (1 << laneNumbers[lane])) !== 0 && !present.includes(lane));
    if (missing !== undefined) {
      cut = { lane: missing, what: `the chunk of slot ${sequence} is missing` };
      break;
    }
    const odd = present.find((lane) => next(lane)!.laneMask !== mask || !follows(lane, next(lane)!, lastEvents[lane]));
    if (odd !== undefined) {
      cut = {
        lane: odd,
        offset: next(odd)!.offset,
        what: `the chunk of slot ${sequence} does not fit those before it`,
      };
      break;
    }
    for (const lane of present) {
      lastEvents[lane] = next(lane)!.lastEvent;
      taken[lane] += 1;
    }
  }
  const usable = (lane: LaneName): readonly Chunk[] => lanes[lane].slice(0, taken[lane]);
  return {
    chunks: { events: usable('events'), data: usable('data'), mmaps: usable('mmaps'), tasks: usable('tasks') },
    lastEvent: lastEvents.events,
    cut,
  };
}

/** Frames have no gaps; in the other lanes an event may continue in the next chunk. */
function follows(lane: LaneName, chunk: Chunk, lastEvent: number): boolean {
  return lane === 'events' ? chunk.firstEvent === lastEvent + 1 : chunk.firstEvent >= lastEvent;
}
