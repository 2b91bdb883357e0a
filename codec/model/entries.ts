// Payloads of space syscallBuffer: entries of the syscall buffer (preload/layout.h), each foretold from the last ones of
// the same call at the same place. What is no sound list of entries is coded as any bytes.
import * as schema from '../generated/schema';
import { MODEL_BYTES, clearModels, nibble } from './nibble';
import { part, recentLength } from './payload';
import { isMalformed } from './rans';
import { PLACES_BYTES, SITES_BYTES, beforeLastAt, clearPlaces, clearSites, enter, historyOf, lastAt, placeOf, siteOf } from './sites';
import { VALUE_BYTES, beginValues, foretell, foretoldValue } from './values';

const SMALLEST: u32 = 24;
/** struct rr_buffer_entry: size u32, number u16, arguments u8, outs u8, return address u64, result u64. */
const RETURN_ADDRESS: usize = 8;
const HAS_SENT: u32 = 0x80;
const MOST_ARGUMENTS: u32 = 7;
/** struct rr_buffer_out: address u64, length u64, which may have a flag. */
const OUT: u32 = 16;
/** RR_STRING. */
const STRING: u64 = 1 << 63;
/** Words behind it share the models of the last: those before the arguments, the arguments, two outs. */
const WORD_KINDS: u32 = 20;
const HISTORY_OF_PARTS: usize = 24;

/** Bytes of the area: models, sites, and sites by the entry before. */
export const ENTRIES_AREA_BYTES: u32 = 16 * MODEL_BYTES + WORD_KINDS * VALUE_BYTES + SITES_BYTES + PLACES_BYTES;

let soundness: usize = 0;
let words: usize = 0;
let sites: usize = 0;
let sequences: usize = 0;
let zeros: usize = 0;
let previous: usize = 0;

/** `area`: ENTRIES_AREA_BYTES; `zeroRecord`: what stands for an entry that was not there. */
export function beginEntries(area: usize, zeroRecord: usize): void {
  soundness = area;
  words = area + 16 * MODEL_BYTES;
  sites = words + WORD_KINDS * VALUE_BYTES;
  sequences = sites + SITES_BYTES;
  zeros = zeroRecord;
  previous = zeroRecord;
  clearModels(area, (16 * MODEL_BYTES + WORD_KINDS * VALUE_BYTES) / MODEL_BYTES);
  clearSites(sites, zeroRecord);
  clearPlaces(sequences, zeroRecord);
}

function areSound(payload: usize, length: u32): bool {
  let at: u32 = 0;
  while (at < length) {
    if (length - at < SMALLEST) return false;
    const size = load<u32>(payload + at);
    if (size < SMALLEST || size > length - at || (size & 7) != 0) return false;
    at += size;
  }
  return true;
}

let last: usize = 0;
let lastSize: u32 = 0;
let before: usize = 0;
let beforeSize: u32 = 0;
let history: usize = 0;

// @ts-ignore: decorator
@inline
function wordOf(entry: usize, size: u32, at: u32): u64 {
  return at + 8 <= size ? load<u64>(entry + at) : 0;
}

/** Codes the word that lies `at` bytes behind the entry's beginning; in the last ones it lies elsewhere. */
function word<D>(entry: usize, at: u32, atLast: u32, atBefore: u32, kind: u32, other: u64): u64 {
  const same = wordOf(last, lastSize, atLast);
  foretell(0, same);
  foretell(1, wordOf(previous, load<u32>(previous), at));
  foretell(2, same + (same - wordOf(before, beforeSize, atBefore)));
  foretell(3, load<u64>(entry, 16));
  foretell(4, load<u64>(entry + at - 8));
  foretell(5, other);
  const value = foretoldValue<D>(words + kind * VALUE_BYTES, history + kind, isSigned<D>() ? load<u64>(entry + at) : 0, 64);
  if (!isSigned<D>()) store<u64>(entry + at, value);
  return value;
}

/** Bytes of an out with that length, of which `room` are there at most. */
// @ts-ignore: decorator
@inline
function outBytes(length: u64, room: u32): u32 {
  const short = <u32>length;
  return short > room ? room : min<u32>((short + 7) & ~7, room);
}

/** The bytes of the out whose header lies at `at` of an entry of `size` bytes; 0 where there is none. */
// @ts-ignore: decorator
@inline
function bytesOfOut(entry: usize, size: u32, at: u32): u32 {
  return at + OUT <= size ? outBytes(load<u64>(entry + at, 8), size - at - OUT) : 0;
}

/** Codes one entry; its size, 0 when what is decoded is malformed. */
function oneEntry<D>(entry: usize, room: u32): u32 {
  beginValues();
  const before1 = <u32>load<u32>(previous, 4);
  const address1 = load<u64>(previous, RETURN_ADDRESS);
  const sequence = placeOf(sequences, address1 ^ (<u64>before1 << 40));
  const next = lastAt(sequence);
  history = historyOf(sequence);
  // The call and its arguments' number.
  foretell(0, <u64>load<u32>(next, 4));
  foretell(1, <u64>before1);
  foretell(2, <u64>load<u32>(beforeLastAt(sequence), 4));
  foretell(3, 0);
  foretell(4, 0);
  foretell(5, 0);
  const call = <u32>foretoldValue<D>(words, history, isSigned<D>() ? <u64>load<u32>(entry, 4) : 0, 32);
  foretell(0, load<u64>(next, RETURN_ADDRESS));
  foretell(1, address1);
  foretell(2, load<u64>(beforeLastAt(sequence), RETURN_ADDRESS));
  const address = foretoldValue<D>(words + VALUE_BYTES, history + 1, isSigned<D>() ? load<u64>(entry, RETURN_ADDRESS) : 0, 64);
  enter(sequence, entry);

  const site = siteOf(sites, address ^ (<u64>call << 40));
  last = lastAt(site);
  before = beforeLastAt(site);
  lastSize = load<u32>(last);
  beforeSize = load<u32>(before);
  history = historyOf(site);
  foretell(0, <u64>lastSize);
  foretell(1, <u64>load<u32>(previous));
  foretell(2, <u64>beforeSize);
  foretell(3, <u64>SMALLEST);
  const size = <u32>foretoldValue<D>(words + 2 * VALUE_BYTES, history + 2, isSigned<D>() ? <u64>load<u32>(entry) : 0, 32);
  if (!isSigned<D>()) {
    if (size < SMALLEST || size > room || (size & 7) != 0) return 0;
    store<u32>(entry, size);
    store<u32>(entry, call, 4);
    store<u64>(entry, address, RETURN_ADDRESS);
  }
  foretell(0, load<u64>(last, 16));
  foretell(1, load<u64>(previous, 16));
  foretell(2, load<u64>(last, 16) * 2 - load<u64>(before, 16));
  foretell(3, 0);
  foretell(4, <u64>size - 40);
  const result = foretoldValue<D>(words + 3 * VALUE_BYTES, history + 3, isSigned<D>() ? load<u64>(entry, 16) : 0, 64);
  if (!isSigned<D>()) store<u64>(entry, result, 16);

  const flags = (call >> 16) & 0xff;
  const count = min<u32>((flags & ~HAS_SENT) + u32((flags & HAS_SENT) != 0), MOST_ARGUMENTS);
  let at: u32 = SMALLEST;
  let kind: u32 = 4;
  for (let index: u32 = 0; index < count && at + 8 <= size; index++) {
    word<D>(entry, at, at, at, kind, at == SMALLEST ? result : load<u64>(entry + at - 16));
    at += 8;
    kind += 1;
  }
  // Outs of different lengths: each has its place in each of the entries.
  let atLast = at;
  let atBefore = at;
  kind = 4 + MOST_ARGUMENTS;
  for (let outs = call >> 24; outs != 0 && at + OUT <= size; outs--) {
    word<D>(entry, at, atLast, atBefore, kind, load<u64>(entry, 32));
    const length = word<D>(entry, at + 8, atLast + 8, atBefore + 8, kind + 1, STRING | <u64>recentLength());
    const lastBytes = bytesOfOut(last, lastSize, atLast);
    const beforeBytes = bytesOfOut(before, beforeSize, atBefore);
    at += OUT;
    atLast += OUT;
    atBefore += OUT;
    const bytes = outBytes(length, size - at);
    const isText = (length & STRING) != 0;
    if (!part<D>(entry + at, bytes, last + atLast, lastBytes, before + atBefore, beforeBytes, history + HISTORY_OF_PARTS, isText)) {
      return 0;
    }
    at += bytes;
    atLast += lastBytes;
    atBefore += beforeBytes;
    kind = min<u32>(kind + 2, WORD_KINDS - 2);
  }
  if (!part<D>(entry + at, size - at, zeros, 0, zeros, 0, history + HISTORY_OF_PARTS, false)) return 0;
  enter(site, entry);
  previous = entry;
  return size;
}

/** Codes a payload of entries; false when what is decoded is malformed. */
export function entries<D>(payload: usize, length: u32): bool {
  const sound = nibble<D>(soundness, isSigned<D>() ? u32(areSound(payload, length)) : 0);
  if (sound != 1) return part<D>(payload, length, zeros, 0, zeros, 0, historyOf(sites), false);
  let at: u32 = 0;
  while (at < length) {
    if (length - at < SMALLEST) return false;
    const size = oneEntry<D>(payload + at, length - at);
    if (size == 0 || (!isSigned<D>() && isMalformed())) return false;
    at += size;
  }
  return true;
}

/** True for records whose payload is entries. */
// @ts-ignore: decorator
@inline
export function holdsEntries(lane: u32, record: usize): bool {
  return lane == schema.LANE_DATA && load<u8>(record, schema.DATA_SPACE) == schema.DATA_SPACE_SYSCALL_BUFFER;
}
