// What leaves the program, and what it names: recorded so that replay can compare it (docs/events.md).
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <utility>

#include "generated/syscalls.h"
#include "layout.h"
#include "record/call-result.h"
#include "record/recorder.h"
#include "record/sent-bytes.h"

namespace rr {

// At the entry of a call: the strings that the kernel is about to read. They come before all other data of the event,
// whichever of the call's it is.
void Recorder::recordStrings(Task& task) {
  unsigned left = syscallModel(task.call).strings;
  for (int i = 0; left != 0; i++, left >>= 1) {
    if (!(left & 1) || task.arguments[i] == 0) continue;
    if (overlapsAny({task.arguments[i], task.arguments[i] + 1}, task.space->sharedMemory)) continue;
    const auto text = task.space->memory.readString(task.arguments[i], RR_LONGEST_STRING);
    if (text) writer_.data(task.tid, schema::DataSpace::kString, task.arguments[i], text->data(), text->size());
  }
}

// With the next frame of the task: the hash of what its call sends.
void Recorder::recordSent(Task& task, int64_t result) {
  const uint32_t atEntry = std::exchange(task.sentAtEntry, 0);
  if (syscallModel(task.call).sent == SentRule::none || isRestart(result)) return;
  const uint32_t hash = sentHash(task, result);
  writer_.sent(hash);
  if (atEntry == 0 || result <= 0 || atEntry == (result > RR_SENT_ALWAYS ? sentHash(task, 0) : hash)) return;
  warnOnce("sent", std::string("memory was changed by a thread while another one was sending it by ") +
                       syscallModel(task.call).name +
                       ": what was sent is not known, and a replay may print other bytes");
}

// The same at its entry, when others have their turn before it ends: what they change of it is seen.
void Recorder::recordSentAtEntry(Task& task) {
  if (syscallModel(task.call).sent == SentRule::none || !sharesMemory(task)) return;
  task.sentAtEntry = sentHash(task, 0);
  writer_.sent(task.sentAtEntry);
}

uint32_t Recorder::sentHash(const Task& task, int64_t result) const {
  return sentBytes(task.tid, task.space->memory, task.call, task.arguments, result, task.space->sharedMemory).hash;
}

// At the end of a call that has changed mappings: which memory others may write from then on.
void Recorder::noteSharedMemory(const Task& task, int64_t result) {
  if (isFailure(result)) return;
  constexpr uint64_t kPage = 4096;
  const auto pages = [](uint64_t length) { return (length + kPage - 1) & ~(kPage - 1); };
  const uint64_t(&arguments)[6] = task.arguments;
  const uint64_t mapped = static_cast<uint64_t>(result);
  std::vector<AddressRange>& shared = task.space->sharedMemory;
  const bool maps = task.call == SYS_mmap && (arguments[3] & MAP_TYPE) != MAP_PRIVATE;
  if (shared.empty() && !maps) return;
  const auto remove = [&](uint64_t start, uint64_t length) {
    const AddressRange gone = {start, start + pages(length)};
    const bool known = overlapsAny(gone, shared);
    if (known) shared = subtract(shared, {&gone, 1});
    return known;
  };
  const auto add = [&](uint64_t start, uint64_t length) { insertSorted(shared, {start, start + pages(length)}); };
  bool changed = false;
  switch (task.call) {
    case SYS_munmap:
      changed = remove(arguments[0], arguments[1]);
      break;
    case SYS_mmap:
      changed = remove(mapped, arguments[1]) || maps;
      if (maps) add(mapped, arguments[1]);
      break;
    case SYS_mremap:
      changed = remove(arguments[0], std::max<uint64_t>(arguments[1], 1));
      if (!changed && !overlapsAny({mapped, mapped + pages(arguments[2])}, shared)) return;
      remove(mapped, arguments[2]);
      if (changed) add(mapped, arguments[2]);
      changed = true;
      break;
    default:
      return;
  }
  if (changed) updateLocals(*task.space);
}

// The same for a segment of shmat(2).
void Recorder::addSharedMemory(AddressSpace& space, const AddressRange& range) const {
  space.sharedMemory = subtract(space.sharedMemory, {&range, 1});
  insertSorted(space.sharedMemory, range);
  updateLocals(space);
}

}  // namespace rr
