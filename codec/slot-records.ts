// The records of a slot, checked and listed by lane in one walk.
import { ERROR_EVENT_ORDER, ERROR_RECORD_KIND, ERROR_RECORD_SIZE } from './errors';
import * as schema from './generated/schema';
import { fixedSize, laneOfKind, paddedSize, payloadLengthOffset } from './lanes';
import { laneLists, laneListBytes, listRecords, zeroRecord } from './work-area';

/** Of each lane: u32 where its list begins, u32 where it ends, u32 bytes of its records, u64 event of the last one. */
const LIST: usize = 0;
const LIST_END: usize = 4;
const RAW_SIZE: usize = 8;
const LAST_EVENT: usize = 16;
const STATE_BYTES: u32 = 24;
export const LANE_STATES_BYTES: u32 = STATE_BYTES * schema.LANE_COUNT;

// @ts-ignore: decorator
@inline
function stateOf(lane: u32): usize {
  return laneLists + <usize>(lane * STATE_BYTES);
}

/** Makes empty lists, each behind the word that stands for no record. */
function beginLists(slotSize: u32): void {
  let list = laneLists + LANE_STATES_BYTES;
  for (let lane: u32 = 0; lane < schema.LANE_COUNT; lane++) {
    const state = stateOf(lane);
    memory.fill(state, 0, STATE_BYTES);
    store<u32>(list, <u32>zeroRecord);
    store<u32>(state, <u32>list + 4, LIST);
    store<u32>(state, <u32>list + 4, LIST_END);
    list += laneListBytes(slotSize, lane);
  }
}

/** Lists all records of a slot, of which `used` bytes are taken: 0 when they are sound, else an error. */
export function listSlot(slot: usize, used: u32, slotSize: u32): i32 {
  beginLists(slotSize);
  let position = slot;
  const end = slot + used;
  while (position < end) {
    const room = <u32>(end - position);
    if (room < schema.RECORD_HEADER_BYTES) return ERROR_RECORD_SIZE;
    const size = load<u32>(position, schema.RECORD_HEADER_SIZE);
    const lane = laneOfKind(load<u8>(position, schema.RECORD_HEADER_KIND));
    if (lane == schema.LANE_COUNT) return ERROR_RECORD_KIND;
    const fixed = fixedSize(lane);
    if (size > room || size < fixed) return ERROR_RECORD_SIZE;
    const lengthOffset = payloadLengthOffset(lane);
    const payload: u32 = lengthOffset == 0 ? 0 : load<u32>(position + lengthOffset);
    if (payload > size || size != paddedSize(fixed, payload)) return ERROR_RECORD_SIZE;
    const state = stateOf(lane);
    // Records of one lane stand in the order of their events.
    const event = load<u64>(position, schema.RECORD_HEADER_EVENT);
    if (event < load<u64>(state, LAST_EVENT) || event == 0) return ERROR_EVENT_ORDER;
    store<u64>(state, event, LAST_EVENT);
    store<u32>(state, load<u32>(state, RAW_SIZE) + size, RAW_SIZE);
    const listEnd = load<u32>(state, LIST_END);
    store<u32>(<usize>listEnd, <u32>position);
    store<u32>(state, listEnd + 4, LIST_END);
    position += size;
  }
  return 0;
}

/** Makes a lane's list the one that `records` tells; how many they are. */
export function selectLane(lane: u32): u32 {
  const state = stateOf(lane);
  listRecords(<usize>load<u32>(state, LIST));
  return (load<u32>(state, LIST_END) - load<u32>(state, LIST)) >> 2;
}

/** Bytes of a lane's records. */
export function rawSizeOf(lane: u32): u32 {
  return load<u32>(stateOf(lane), RAW_SIZE);
}
