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

/**
 * Chunks in the order of their slots, each found sound by chunkFault. Slots may be in several: those that were saved one by
 * one, and then together (slot-batch.ts). The chunk of the most slots that all lanes have is taken.
 */
export function usablePrefix(lanes: ChunksByLane): UsablePrefix {
  const at: Record<LaneName, number> = { events: 0, data: 0, mmaps: 0, tasks: 0 };
  const chunks: Record<LaneName, Chunk[]> = { events: [], data: [], mmaps: [], tasks: [] };
  const last = (lane: LaneName): number => chunks[lane].at(-1)?.lastEvent ?? 0;
  let cut: UsablePrefix['cut'];

  for (let sequence = 0; ; ) {
    for (const lane of laneOrder)
      while (lanes[lane][at[lane]] && lanes[lane][at[lane]]!.sequence < sequence) at[lane] += 1;
    const waiting = laneOrder.filter((lane) => lanes[lane][at[lane]] !== undefined);
    if (waiting.length === 0) break;
    const here = candidatesOf(lanes, at, sequence);
    const [first] = here;
    if (first === undefined) {
      const lane = waiting[0]!;
      cut = { lane, offset: lanes[lane][at[lane]]!.offset, what: `slot ${sequence} is missing before it` };
      break;
    }
    const taken = here.find((group) => faultOf(group, sequence, last) === undefined);
    if (taken === undefined) {
      cut = faultOf(unsorted(lanes, at, sequence), sequence, last) ?? faultOf(first, sequence, last);
      break;
    }
    for (const [lane, chunk] of taken) chunks[lane].push(chunk);
    sequence += taken.values().next().value!.slotCount;
  }
  return { chunks, lastEvent: last('events'), cut };
}

/** One chunk each of some lanes. */
type Group = ReadonlyMap<LaneName, Chunk>;

/** The chunks that begin with a slot, those of as many slots together; the most first. */
function candidatesOf(lanes: ChunksByLane, from: Readonly<Record<LaneName, number>>, sequence: number): Group[] {
  const groups = new Map<number, Map<LaneName, Chunk>>();
  for (const lane of laneOrder) {
    for (let index = from[lane]; lanes[lane][index]?.sequence === sequence; index++) {
      const chunk = lanes[lane][index]!;
      const group = groups.get(chunk.slotCount) ?? new Map<LaneName, Chunk>();
      groups.set(chunk.slotCount, group.set(lane, chunk));
    }
  }
  return [...groups].sort(([a], [b]) => b - a).map(([, group]) => group);
}

/** The first chunks that begin with a slot, however many slots they have. */
function unsorted(lanes: ChunksByLane, from: Readonly<Record<LaneName, number>>, sequence: number): Group {
  const first = laneOrder.map((lane) => [lane, lanes[lane][from[lane]]] as const);
  return new Map(first.flatMap(([lane, chunk]) => (chunk?.sequence === sequence ? [[lane, chunk]] : [])));
}

/** Why chunks cannot be the next ones; undefined when they can. `last`: the last event of a lane before them. */
function faultOf(group: Group, sequence: number, last: (lane: LaneName) => number): UsablePrefix['cut'] {
  const { laneMask: mask, slotCount } = group.values().next().value!;
  const missing = laneOrder.find((lane) => (mask & (1 << laneNumbers[lane])) !== 0 && !group.has(lane));
  if (missing !== undefined) return { lane: missing, what: `the chunk of slot ${sequence} is missing` };
  for (const [lane, chunk] of group) {
    if (chunk.laneMask === mask && chunk.slotCount === slotCount && follows(lane, chunk, last(lane))) continue;
    return { lane, offset: chunk.offset, what: `the chunk of slot ${sequence} does not fit those before it` };
  }
  return undefined;
}

/** Frames have no gaps; in the other lanes an event may continue in the next chunk. */
function follows(lane: LaneName, chunk: Chunk, lastEvent: number): boolean {
  return lane === 'events' ? chunk.firstEvent === lastEvent + 1 : chunk.firstEvent >= lastEvent;
}
