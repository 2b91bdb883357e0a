#include "record/runtime/call-buffer.h"

#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include <algorithm>

#include "layout.h"

namespace rr {

bool CallBuffer::isEmpty(const Task& task) {
  if (task.space->patched.runtime != PatchedSites::Runtime::installed) return true;
  return task.space->memory.readValue<uint64_t>(RR_LOCALS + offsetof(rr_locals, used)).value_or(0) == 0;
}

void CallBuffer::take(Task& task) {
  if (task.space->patched.runtime != PatchedSites::Runtime::installed) return;
  LocalsHead head;
  if (!head.read(task.space->memory)) return;
  head.locals.made = 0;
  take(task, head);
}

void CallBuffer::take(Task& task, const LocalsHead& head) {
  const TraceeMemory& memory = task.space->memory;
  const rr_locals& locals = head.locals;
  bytes_.resize(std::min<uint64_t>(locals.used, RR_BUFFER_SIZE));
  if (!bytes_.empty() && !memory.readAll(RR_BUFFER, bytes_.data(), bytes_.size())) return;
  clear(memory, locals);
  if (bytes_.empty()) return;
  writer_.bufferEntries(task.tid, bytes_.data(), bytes_.size());
  locals_.countBufferedCalls(*task.space);
  noteBufferedStart(task, bytes_);
  if (task.space->patched.learning) sites_.noteBufferedSites(task, bytes_);
  task.bufferTaken = true;
  RuntimeLocals::noteBufferedMask(task, locals.maskChange);
}

// Nothing is used any more, nor made.
void CallBuffer::clear(const TraceeMemory& memory, rr_locals locals) {
  constexpr size_t kUsed = offsetof(rr_locals, used);
  constexpr size_t kMade = offsetof(rr_locals, made);
  static_assert(kUsed < kMade);
  if (locals.used == 0 && locals.made == 0) return;
  // One piece of the page, whose other words stay as they are: the task stands still.
  const size_t end = locals.made ? kMade + sizeof locals.made : kUsed + sizeof locals.used;
  locals.used = locals.made = 0;
  memory.writeAll(RR_LOCALS + kUsed, reinterpret_cast<const uint8_t*>(&locals) + kUsed, end - kUsed);
}

// What a thread has told the kernel as it began: where to write when it ends.
void CallBuffer::noteBufferedStart(Task& task, std::span<const uint8_t> entries) {
  rr_buffer_entry entry;
  uint64_t address;
  for (size_t at = 0; at + sizeof entry + sizeof address <= entries.size(); at += entry.size) {
    memcpy(&entry, &entries[at], sizeof entry);
    if (entry.size < sizeof entry) return;
    if (entry.number != SYS_set_tid_address && entry.number != SYS_set_robust_list) continue;
    memcpy(&address, &entries[at + sizeof entry], sizeof address);
    if (entry.number == SYS_set_tid_address) {
      task.end.clearChildTid = address;
    } else if (entry.result == 0) {
      task.end.robustList = address;
    }
  }
}

}  // namespace rr
