// The last frame of each task within a chunk: an open hash table from thread id to a u32 of the caller's, not 0.

const ENTRY_BYTES: usize = 8;

let base: usize = 0;
let mask: u32 = 0;

/** Slots for `count` tasks: a power of two, at most half full. */
function slotCount(count: u32): u32 {
  let slots: u32 = 16;
  while (slots < count * 2) slots <<= 1;
  return slots;
}

/** Bytes of a table for at most `count` tasks. */
export function taskTableBytes(count: u32): u32 {
  return slotCount(count) * <u32>ENTRY_BYTES;
}

/** Makes an empty table at `position`. There is one at a time. */
export function clearTaskTable(position: usize, count: u32): void {
  base = position;
  mask = slotCount(count) - 1;
  memory.fill(position, 0, taskTableBytes(count));
}

/** Sets the task's value and returns the one before, 0 when it had none. */
export function exchangeTask(tid: u32, value: u32): u32 {
  let index = (tid * 0x9e3779b1) >> 7;
  let entry = base + (<usize>(index & mask)) * ENTRY_BYTES;
  let found = load<u32>(entry, 4);
  while (found != 0 && load<u32>(entry) != tid) {
    index += 1;
    entry = base + (<usize>(index & mask)) * ENTRY_BYTES;
    found = load<u32>(entry, 4);
  }
  store<u32>(entry, tid);
  store<u32>(entry, value, 4);
  return found;
}
