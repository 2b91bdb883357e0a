// The records of a lane, one after another: the fields that tell what kind of record it is and where it was made, then
// all others, foretold from the last record of the same kind and place, from the record before and from that which
// followed the last time; then the payload.
import * as schema from '../generated/schema';
import { column, columnCount, fixedSize, kindOf, paddedSize, payloadLengthOffset } from '../lanes';
import { BLEND_BYTES, MODEL_BYTES, clearModels, placeBlend } from './nibble';
import { ENTRIES_AREA_BYTES, beginEntries, entries, holdsEntries } from './entries';
import { PAYLOADS_AREA_BYTES, beginPayloads, part } from './payload';
import { isMalformed } from './rans';
import { PLACES_BYTES, SITES_BYTES, beforeLastAt, clearPlaces, clearSites, enter, historyOf, lastAt, placeOf, siteOf } from './sites';
import { VALUES_AREA_BYTES, VALUE_BYTES, beginValues, foretell, foretoldValue, placeValues } from './values';

const MOST_COLUMNS: u32 = 64;
const HISTORY_OF_PAYLOAD: usize = 24;
/** Registers of a frame whose value another one tells: rcx and r11 behind a system call instruction. */
const RIP: usize = schema.FRAME_REGISTERS + 16 * 8;
const RCX: usize = schema.FRAME_REGISTERS + 11 * 8;
const R11: usize = schema.FRAME_REGISTERS + 6 * 8;
const EFLAGS: usize = schema.FRAME_REGISTERS + 18 * 8;
const ORIG_RAX: usize = schema.FRAME_REGISTERS + 15 * 8;
const RSI: usize = schema.FRAME_REGISTERS + 13 * 8;

/** Bytes of the area: models of columns and payloads, sites by what they are, by what came before (two), by task. */
export const RECORDS_AREA_BYTES: u32 =
  MOST_COLUMNS * VALUE_BYTES + PAYLOADS_AREA_BYTES + SITES_BYTES + PLACES_BYTES * 4 + ENTRIES_AREA_BYTES + MOST_COLUMNS + VALUES_AREA_BYTES + BLEND_BYTES;

let columns: usize = 0;
let sites: usize = 0;
let ownSites: usize = 0;
let followers: usize = 0;
let secondFollowers: usize = 0;
let tasks: usize = 0;
/** u8 × MOST_COLUMNS: the columns in the order in which they are coded. */
let order: usize = 0;
let keys: u32 = 0;

/** True for the fields that tell the site of a record; they are coded first. */
function isKey(lane: u32, offset: usize): bool {
  if (lane == schema.LANE_EVENTS) {
    return offset == schema.FRAME_TID || offset == schema.FRAME_EVENT_KIND || offset == schema.FRAME_NUMBER || offset == RIP;
  }
  if (lane == schema.LANE_DATA) {
    return offset == schema.DATA_TID || offset == schema.DATA_SPACE || offset == schema.DATA_ADDRESS;
  }
  if (lane == schema.LANE_MMAPS) {
    return offset == schema.MAPPING_INODE || offset == schema.MAPPING_OFFSET || offset == schema.MAPPING_SOURCE;
  }
  return offset == schema.TASK_TASK_KIND;
}

/** What tells the site of a record, its task apart. */
function keyOf(lane: u32, record: usize): u64 {
  if (lane == schema.LANE_EVENTS) {
    return (
      load<u64>(record, RIP) +
      (<u64>load<u32>(record, schema.FRAME_NUMBER) << 40) +
      (<u64>load<u8>(record, schema.FRAME_EVENT_KIND) << 52)
    );
  }
  if (lane == schema.LANE_DATA) {
    return load<u64>(record, schema.DATA_ADDRESS) + (<u64>load<u8>(record, schema.DATA_SPACE) << 52);
  }
  if (lane == schema.LANE_MMAPS) {
    return (
      load<u64>(record, schema.MAPPING_INODE) * 31 +
      (load<u64>(record, schema.MAPPING_OFFSET) << 8) +
      load<u8>(record, schema.MAPPING_SOURCE)
    );
  }
  return load<u8>(record, schema.TASK_TASK_KIND);
}

/** The key's parts that tell whose it is. */
// @ts-ignore: decorator
@inline
function taskOf(lane: u32, record: usize): u64 {
  if (lane == schema.LANE_EVENTS) return load<u32>(record, schema.FRAME_TID);
  if (lane == schema.LANE_DATA) return load<u32>(record, schema.DATA_TID);
  return 0;
}

function begin(area: usize, zeros: usize, lane: u32, window: usize, size: u32, tables: usize): void {
  columns = area;
  const payloads = area + MOST_COLUMNS * VALUE_BYTES;
  sites = payloads + PAYLOADS_AREA_BYTES;
  ownSites = sites + SITES_BYTES;
  followers = ownSites + PLACES_BYTES;
  secondFollowers = followers + PLACES_BYTES;
  tasks = secondFollowers + PLACES_BYTES;
  const entriesArea = tasks + PLACES_BYTES;
  order = entriesArea + ENTRIES_AREA_BYTES;
  const count = columnCount(lane);
  clearModels(area, (count * VALUE_BYTES) / MODEL_BYTES);
  placeValues(order + MOST_COLUMNS);
  placeBlend(order + MOST_COLUMNS + VALUES_AREA_BYTES);
  clearSites(sites, zeros);
  clearPlaces(ownSites, zeros);
  clearPlaces(followers, zeros);
  clearPlaces(secondFollowers, zeros);
  clearPlaces(tasks, zeros);
  if (payloadLengthOffset(lane) != 0) {
    beginPayloads(payloads, window, size, tables);
  }
  if (lane == schema.LANE_DATA) beginEntries(entriesArea, zeros);
  keys = 0;
  for (let index: u32 = 0; index < count; index++) {
    if (!isKey(lane, <usize>(column(lane, index) & 0xffff))) continue;
    store<u8>(order + keys, <u8>index);
    keys += 1;
  }
  let behind = keys;
  for (let index: u32 = 0; index < count; index++) {
    if (isKey(lane, <usize>(column(lane, index) & 0xffff))) continue;
    store<u8>(order + behind, <u8>index);
    behind += 1;
  }
}

// @ts-ignore: decorator
@inline
function fieldAt(position: usize, size: u32): u64 {
  if (size == 3) return load<u64>(position);
  if (size == 2) return <u64>load<u32>(position);
  if (size == 1) return <u64>load<u16>(position);
  return <u64>load<u8>(position);
}

// @ts-ignore: decorator
@inline
function setField(position: usize, size: u32, value: u64): void {
  if (size == 3) store<u64>(position, value);
  else if (size == 2) store<u32>(position, <u32>value);
  else if (size == 1) store<u16>(position, <u16>value);
  else store<u8>(position, <u8>value);
}

/** True for what grows from record to record, whosever they are. */
// @ts-ignore: decorator
@inline
function isClock(lane: u32, offset: usize): bool {
  return offset == schema.RECORD_HEADER_EVENT || (lane == schema.LANE_EVENTS && offset == schema.FRAME_TIME);
}

/** What another field of the same record tells of this one. */
// @ts-ignore: decorator
@inline
function pairOf(lane: u32, record: usize, offset: usize, otherwise: u64): u64 {
  if (lane == schema.LANE_EVENTS) {
    if (offset == RCX) return load<u64>(record, RIP);
    if (offset == EFLAGS) return load<u64>(record, R11);
    if (offset == ORIG_RAX) return <u64>load<u32>(record, schema.FRAME_NUMBER);
    if (offset == RSI) return load<u64>(record, schema.FRAME_REGISTERS + 12 * 8);
  }
  return otherwise;
}

/**
 * Codes `count` records of a lane at `base`, `size` bytes in all, which are whole there when it encodes. `zeros`: a
 * record of zeros; `area`: RECORDS_AREA_BYTES; `tables`: parseBytes(size) to encode. False when what is decoded is
 * malformed, or the records do not fill `size` bytes exactly.
 */
export function records<D>(lane: u32, count: u32, base: usize, size: u32, zeros: usize, area: usize, tables: usize): bool {
  begin(area, zeros, lane, base, size, tables);
  const fixed = fixedSize(lane);
  const lengthOffset = payloadLengthOffset(lane);
  const columnTotal = columnCount(lane);
  const end = base + size;
  let record = base;
  let previous = zeros;
  let beforePrevious = zeros;
  for (let index: u32 = 0; index < count; index++) {
    if (!isSigned<D>() && (fixed > <u32>(end - record) || isMalformed())) return false;
    beginValues();
    // The record that followed the last time.
    let follower = placeOf(followers, keyOf(lane, previous));
    const secondFollower = placeOf(secondFollowers, keyOf(lane, previous) * 3 + keyOf(lane, beforePrevious));
    let own = previous;
    let history = historyOf(follower);
    for (let at: u32 = 0; at < keys; at++) {
      const which = <u32>load<u8>(order + at);
      const description = column(lane, which);
      const offset = <usize>(description & 0xffff);
      const log = (description >> 16) & 0xff;
      const next = lastAt(secondFollower);
      foretell(0, fieldAt(next + offset, log));
      foretell(1, fieldAt(own + offset, log));
      foretell(2, fieldAt(lastAt(follower) + offset, log));
      foretell(3, fieldAt(previous + offset, log));
      foretell(4, fieldAt(beforeLastAt(follower) + offset, log));
      foretell(5, fieldAt(beforePrevious + offset, log));
      const value = foretoldValue<D>(columns + which * VALUE_BYTES, history + at, isSigned<D>() ? fieldAt(record + offset, log) : 0, 8 << log);
      if (!isSigned<D>()) setField(record + offset, log, value);
      if (lane == schema.LANE_EVENTS && offset == schema.FRAME_TID) {
        own = lastAt(placeOf(tasks, value));
        if (own != previous) follower = placeOf(followers, keyOf(lane, own));
      }
    }
    const task = taskOf(lane, record);
    const key = keyOf(lane, record);
    const site = siteOf(sites, key);
    const ownSite = placeOf(ownSites, key + (task << 44));
    const last = lastAt(site);
    const before = beforeLastAt(site);
    const ownLast = lastAt(ownSite) != zeros ? lastAt(ownSite) : lastAt(secondFollower);
    const next = lastAt(follower);
    const ownBefore = lastAt(placeOf(tasks, task));
    history = historyOf(site);
    for (let at = keys; at < columnTotal; at++) {
      const which = <u32>load<u8>(order + at);
      const description = column(lane, which);
      const offset = <usize>(description & 0xffff);
      const log = (description >> 16) & 0xff;
      const bits = <u64>(8 << log);
      const whole = <u64>-1 >> (64 - bits);
      const same = fieldAt(last + offset, log);
      const then = fieldAt((isClock(lane, offset) ? previous : ownBefore) + offset, log);
      foretell(0, same);
      foretell(1, then);
      foretell(2, (same + (same - fieldAt(before + offset, log))) & whole);
      foretell(3, (fieldAt(previous + offset, log) + 1) & whole);
      foretell(4, fieldAt(ownLast + offset, log));
      foretell(5, pairOf(lane, record, offset, fieldAt(next + offset, log)));
      const value = foretoldValue<D>(columns + which * VALUE_BYTES, history + at, isSigned<D>() ? fieldAt(record + offset, log) : 0, bits);
      if (!isSigned<D>()) setField(record + offset, log, value);
    }
    let whole = fixed;
    if (lengthOffset != 0) {
      const length = load<u32>(record + lengthOffset);
      if (!isSigned<D>()) {
        if (length > <u32>(end - record)) return false;
        whole = paddedSize(fixed, length);
        if (whole > <u32>(end - record)) return false;
        store<u32>(record, whole, schema.RECORD_HEADER_SIZE);
        store<u8>(record, <u8>kindOf(lane), schema.RECORD_HEADER_KIND);
      } else {
        whole = paddedSize(fixed, length);
      }
      if (holdsEntries(lane, record)) {
        if (!entries<D>(record + fixed, length)) return false;
      } else {
        const lastLength = load<u32>(last + lengthOffset);
        const beforeLength = load<u32>(before + lengthOffset);
        const payload = record + fixed;
        const isText = lane != schema.LANE_DATA || load<u8>(record, schema.DATA_SPACE) == schema.DATA_SPACE_STRING;
        if (!part<D>(payload, length, last + fixed, lastLength, before + fixed, beforeLength, history + HISTORY_OF_PAYLOAD, isText)) {
          return false;
        }
      }
      // Copies may have left something in the padding.
      if (!isSigned<D>()) memory.fill(record + fixed + length, 0, whole - fixed - length);
    } else if (!isSigned<D>()) {
      store<u32>(record, fixed, schema.RECORD_HEADER_SIZE);
      store<u8>(record, <u8>kindOf(lane), schema.RECORD_HEADER_KIND);
    }
    enter(site, record);
    enter(ownSite, record);
    enter(follower, record);
    enter(secondFollower, record);
    enter(placeOf(tasks, task), record);
    beforePrevious = previous;
    previous = record;
    record += whole;
  }
  return record == end;
}
