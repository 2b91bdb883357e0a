// The program's own calls that change memory, where they meet ours: the recorder's pages and stubs stay as they are, as
// if they were not the program's to change; and patched code that the program is about to change, move or throw away
// gets its own instructions back, or is forgotten.
#pragma once

#include <sys/user.h>

#include "record/calls/dispatch.h"
#include "record/calls/entry-answer.h"
#include "record/calls/failed-calls.h"
#include "record/files/file-writes.h"
#include "record/files/replaced-code.h"
#include "record/files/shared-memory.h"
#include "record/recording-log.h"
#include "record/runtime/sites.h"
#include "record/task.h"

namespace rr {

// Tracer thread only.
class MemoryCalls {
 public:
  MemoryCalls(Dispatch& dispatch, FailedCalls& failedCalls, Sites& sites, ReplacedCode& replacedCode,
              FileWrites& fileWrites, SharedMemory& sharedMemory, RecordingLog& log)
      : dispatch_(dispatch),
        failedCalls_(failedCalls),
        sites_(sites),
        replacedCode_(replacedCode),
        fileWrites_(fileWrites),
        sharedMemory_(sharedMemory),
        log_(log) {}

  // At the entry of a call.
  EntryAnswer enter(Task& task);
  // At the end of one: what follows for patched code, for code and files whose content is known, and for memory that
  // is shared.
  void noteChanges(Task& task, const user_regs_struct& registers);

 private:
  // Makes the call for each part of the range that is not ours. The event's mapping records tell the parts.
  EntryAnswer callAroundOurs(Task& task, const AddressRange& range);
  // The call may have changed patched code, or have made it the program's to change.
  void noteChangedCode(Task& task, const user_regs_struct& registers);

  Dispatch& dispatch_;
  FailedCalls& failedCalls_;
  Sites& sites_;
  ReplacedCode& replacedCode_;
  FileWrites& fileWrites_;
  SharedMemory& sharedMemory_;
  RecordingLog& log_;
};

}  // namespace rr
