#include "record/calls/sending.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <utility>

#include "generated/syscalls.h"
#include "layout.h"
#include "record/call-result.h"
#include "record/calls/sent-bytes.h"

namespace rr {

void Sending::recordStrings(const Task& task) {
  unsigned left = syscallModel(task.call).strings;
  for (int i = 0; left != 0; i++, left >>= 1) {
    if (!(left & 1) || task.arguments[i] == 0) continue;
    if (overlapsAny({task.arguments[i], task.arguments[i] + 1}, task.space->sharedMemory)) continue;
    const auto text = task.space->memory.readString(task.arguments[i], RR_LONGEST_STRING);
    if (text) writer_.data(task.tid, schema::DataSpace::kString, task.arguments[i], text->data(), text->size());
  }
}

void Sending::record(Task& task, int64_t result) {
  const uint32_t atEntry = std::exchange(task.sentAtEntry, 0);
  if (syscallModel(task.call).sent == SentRule::none || isRestart(result)) return;
  const uint32_t hash = hashOf(task, result);
  writer_.sent(hash);
  if (atEntry == 0 || result <= 0 || atEntry == (result > RR_SENT_ALWAYS ? hashOf(task, 0) : hash)) return;
  log_.warnOnce("sent", std::string("memory was changed by a thread while another one was sending it by ") +
                            syscallModel(task.call).name +
                            ": what was sent is not known, and a replay may print other bytes");
}

void Sending::recordAtEntry(Task& task) {
  if (syscallModel(task.call).sent == SentRule::none || !tree_.sharesMemory(task)) return;
  task.sentAtEntry = hashOf(task, 0);
  writer_.sent(task.sentAtEntry);
}

uint32_t Sending::hashOf(const Task& task, int64_t result) const {
  return sentBytes(task.tid, task.space->memory, task.call, task.arguments, result, task.space->sharedMemory).hash;
}

}  // namespace rr
