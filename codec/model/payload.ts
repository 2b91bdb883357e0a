// A payload, or a part of one: the same bytes as at this site before, words of which most are foretold, or any bytes.
import { MODEL_BYTES, clearModels, nibble } from './nibble';
import { BYTES_AREA_BYTES, beginBytes, decodeStretch } from './bytes';
import { beginParsing, encodeStretch } from './parse';
import { VALUE_BYTES, foretell, foretoldValue } from './values';

const ANY: u32 = 0;
const WORDS: u32 = 1;
const SAME: u32 = 2;
/** The same bytes as one of the last parts that were of this form or any bytes; the newest first. */
const RECENT: u32 = 3;
const RECENT_PARTS: u32 = 4;
/** Shorter ones are not remembered. Bytes. */
const SHORTEST_PART: u32 = 8;
const PARTS_BYTES: u32 = RECENT_PARTS * 8;

/** Words behind it share the models of the last. */
const WORD_KINDS: u32 = 40;
/** Longer ones are not tried as words. Bytes. */
const LONGEST_WORDS: u32 = 512;

/** Bytes of the area: models of the form by the one before at the site, of words, of any bytes; the recent parts. */
export const PAYLOADS_AREA_BYTES: u32 = 16 * MODEL_BYTES + WORD_KINDS * VALUE_BYTES + BYTES_AREA_BYTES + PARTS_BYTES;


let forms: usize = 0;
let words: usize = 0;

/** The recent parts: position u32 and length u32 of each. */
let parts: usize = 0;
let newest: u32 = 0;

// @ts-ignore: decorator
@inline
function recentPart(index: u32): usize {
  return parts + (<usize>((newest - index) & (RECENT_PARTS - 1)) << 3);
}

function remember(start: usize, length: u32): void {
  newest += 1;
  store<u32>(recentPart(0), <u32>start);
  store<u32>(recentPart(0), length, 4);
}

/** The length of the newest part that is remembered. */
export function recentLength(): u32 {
  return load<u32>(recentPart(0), 4);
}

function findRecent(start: usize, length: u32): u32 {
  for (let index: u32 = 0; index < RECENT_PARTS; index++) {
    const part = recentPart(index);
    if (load<u32>(part, 4) == length && memory.compare(start, <usize>load<u32>(part), length) == 0) return RECENT + index;
  }
  return ANY;
}

/** `area`: PAYLOADS_AREA_BYTES; `window`: `size` bytes; `tables`: parseBytes(size), or 0 to decode. */
export function beginPayloads(area: usize, window: usize, size: u32, tables: usize): void {
  forms = area;
  words = area + 16 * MODEL_BYTES;
  clearModels(area, (16 * MODEL_BYTES + WORD_KINDS * VALUE_BYTES) / MODEL_BYTES);
  parts = words + WORD_KINDS * VALUE_BYTES + BYTES_AREA_BYTES;
  memory.fill(parts, 0, PARTS_BYTES);
  newest = 0;
  beginBytes(words + WORD_KINDS * VALUE_BYTES, window);
  if (tables != 0) beginParsing(tables, window, size);
}

/** A word that lies `at` bytes behind `start`, of a part with `length` bytes; 0 where there is none. */
// @ts-ignore: decorator
@inline
function wordAt(start: usize, length: u32, at: u32): u64 {
  return at + 8 <= length ? load<u64>(start + at) : 0;
}

function foretellWord(start: usize, at: u32, last: usize, lastLength: u32, before: usize, beforeLength: u32): void {
  const same = wordAt(last, lastLength, at);
  const back = at >= 8 ? load<u64>(start + at - 8) : 0;
  foretell(0, same);
  foretell(1, back);
  foretell(2, same + (same - wordAt(before, beforeLength, at)));
  foretell(3, at >= 16 ? load<u64>(start + at - 16) : 0);
  foretell(4, at >= 8 ? same + (back - wordAt(last, lastLength, at - 8)) : wordAt(before, beforeLength, at));
  foretell(5, back + 1);
}

/** True when so many words are those of the time before, or zero, that the others may cost more. */
function worthWords(start: usize, length: u32, last: usize, lastLength: u32): bool {
  if (length < 8 || length > LONGEST_WORDS) return false;
  let hits: u32 = 0;
  for (let at: u32 = 0; at + 8 <= length; at += 8) {
    const word = load<u64>(start + at);
    hits += u32(word == 0 || (at + 8 <= lastLength && word == load<u64>(last + at)));
  }
  return hits * 2 > length >> 3;
}

/**
 * Codes `length` bytes at `start`. `last`, `before`: the parts at the same site the last time and the time before it,
 * with their lengths; `history`: 1 + WORD_KINDS bytes of the site's; `isText`: no words are tried. False when what is decoded is malformed.
 */
export function part<D>(
  start: usize,
  length: u32,
  last: usize,
  lastLength: u32,
  before: usize,
  beforeLength: u32,
  history: usize,
  isText: bool,
): bool {
  if (length == 0) return true;
  let form = ANY;
  if (isSigned<D>()) {
    if (lastLength == length && memory.compare(start, last, length) == 0) form = SAME;
    else if (length >= SHORTEST_PART) form = findRecent(start, length);
    if (form == ANY && !isText && worthWords(start, length, last, lastLength)) form = WORDS;
  }
  form = nibble<D>(forms + <u32>(load<u8>(history) & 15) * MODEL_BYTES, form);
  store<u8>(history, <u8>form);
  if (form == SAME) {
    if (isSigned<D>()) return true;
    if (lastLength != length) return false;
    memory.copy(start, last, length);
    return true;
  }
  if (form >= RECENT) {
    const part = recentPart(form - RECENT);
    const from = <usize>load<u32>(part);
    if (!isSigned<D>()) {
      if (form >= RECENT + RECENT_PARTS || load<u32>(part, 4) != length) return false;
      memory.copy(start, from, length);
    }
    return true;
  }
  let done: u32 = 0;
  if (form == WORDS) {
    for (; done + 8 <= length; done += 8) {
      foretellWord(start, done, last, lastLength, before, beforeLength);
      const kind = min<u32>(done >> 3, WORD_KINDS - 1);
      const value = foretoldValue<D>(words + kind * VALUE_BYTES, history + 1 + kind, isSigned<D>() ? load<u64>(start + done) : 0, 64);
      if (!isSigned<D>()) store<u64>(start + done, value);
    }
    if (done == length) return true;
  }
  if (form == ANY && length >= SHORTEST_PART) remember(start, length);
  if (isSigned<D>()) {
    encodeStretch(start + done, start + length);
    return true;
  }
  return decodeStretch(start + done, start + length);
}
