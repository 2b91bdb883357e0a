// Calls that move bytes from the program's memory or a file of its own to where others see them: the recording's
// standard output and error, and other processes' memory.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "generated/syscalls.h"
#include "record/recorder.h"
#include "record/tree/task-state.h"
#include "tracee/descriptor.h"

namespace rr {

namespace {

// Calls whose written bytes are in the program's memory, so that replay can read them there.
bool writesFromMemory(long call) {
  return call == SYS_write || call == SYS_writev || call == SYS_pwrite64 || call == SYS_pwritev ||
         call == SYS_pwritev2 || call == SYS_sendto || call == SYS_sendmsg;
}

// Calls that move bytes between descriptors: (output descriptor, input descriptor) as argument indices.
struct Transfer {
  long call;
  int output, input, inputOffset;
};
constexpr Transfer kTransfers[] = {
    {SYS_sendfile, 0, 1, 2},
    {SYS_copy_file_range, 2, 0, 1},
    {SYS_splice, 2, 0, 1},
};

const Transfer* transferOf(long call) {
  for (const Transfer& transfer : kTransfers) {
    if (transfer.call == call) return &transfer;
  }
  return nullptr;
}

}  // namespace

// Remembers where a call that writes to our standard output or error takes its bytes from. True when it was answered.
bool Recorder::enterOutput(Task& task) {
  const Transfer* transfer = transferOf(task.call);
  const int output = static_cast<int>(task.arguments[transfer ? transfer->output : task.call == SYS_tee ? 1 : 0]);
  task.stdio = stdio_.target(task.tid, output);
  if (task.stdio && options_.markStdio) {
    // The number that the event gets unless the call blocks and others have theirs first.
    dprintf(task.stdio, "[rr %d %llu]", task.threadGroup, static_cast<unsigned long long>(writer_.event()));
  }
  if (!task.stdio || writesFromMemory(task.call)) return false;
  if (task.call != SYS_sendfile && task.call != SYS_copy_file_range) {
    // The bytes pass through the kernel alone and cannot be seen. EINVAL makes programs fall back to read and write.
    refuseCall(task, -EINVAL);
    return true;
  }
  const uint64_t offset = task.arguments[transfer->inputOffset];
  if (offset != 0) {
    task.outputStart = task.space->memory.readValue<uint64_t>(offset).value_or(0);
  } else {
    task.outputStart = descriptorPosition(task.tid, static_cast<int>(task.arguments[transfer->input])).value_or(0);
  }
  return false;
}

void Recorder::recordOutput(Task& task, int64_t result) {
  const Transfer* transfer = transferOf(task.call);
  if (!transfer || result <= 0) return;
  const Descriptor input(
      open(descriptorPath(task.tid, static_cast<int>(task.arguments[transfer->input])).c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<uint8_t> bytes(64 * 1024);
  uint64_t done = 0;
  while (input && done < static_cast<uint64_t>(result)) {
    const size_t wanted = std::min<uint64_t>(bytes.size(), static_cast<uint64_t>(result) - done);
    const ssize_t got = pread(input.number(), bytes.data(), wanted, static_cast<off_t>(task.outputStart + done));
    if (got <= 0) break;
    writer_.data(task.tid, schema::DataSpace::kOutput, done, bytes.data(), static_cast<uint64_t>(got));
    done += static_cast<uint64_t>(got);
  }
  if (done < static_cast<uint64_t>(result)) {
    log_.warnOnce("output", std::string("what ") + syscallModel(task.call).name +
                                " copied to standard output could not be read again: replay will not print it");
  }
}

// process_vm_writev wrote `bytes` bytes into another process: the remote buffers, in their order.
void Recorder::recordRemoteWrites(Task& task, uint64_t bytes) {
  Task* const target = tree_.find(static_cast<pid_t>(task.arguments[0]));
  if (!target) return;  // not of this recording
  for (uint64_t i = 0; i < task.arguments[4] && bytes > 0; i++) {
    const auto buffer = task.space->memory.readValue<iovec>(task.arguments[3] + i * sizeof(iovec));
    if (!buffer) return;
    const uint64_t length = std::min<uint64_t>(buffer->iov_len, bytes);
    writer_.memory(target->tid, target->space->memory, reinterpret_cast<uint64_t>(buffer->iov_base), length);
    bytes -= length;
  }
}

}  // namespace rr
