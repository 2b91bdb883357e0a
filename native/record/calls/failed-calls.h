// Calls that change mappings and fail half-way: what they have done by then, replay does too. Mapping records tell it;
// a call that failed without one has done nothing (docs/events.md).
#pragma once

#include <optional>
#include <vector>

#include "record/events/frame-writer.h"
#include "record/files/shared-files.h"
#include "record/runtime/sites.h"
#include "record/task.h"

namespace rr {

// Tracer thread only.
class FailedCalls {
 public:
  FailedCalls(FrameWriter& writer, Sites& sites, SharedFiles& sharedFiles)
      : writer_(writer), sites_(sites), sharedFiles_(sharedFiles) {}

  // At the exit of a call that failed. False when it has done nothing at all.
  bool recordDoneParts(Task& task);
  // The parts of the range on which a madvise or mprotect has worked, that has failed there. At the call's exit stop.
  std::vector<AddressRange> workedOn(const Task& task, const std::optional<AddressRange>& range) const;
  void recordPart(const Task& task, const AddressRange& part);

 private:
  // What has been unmapped to make room for a mapping that then could not be made.
  std::vector<AddressRange> madeRoom(const Task& task) const;

  FrameWriter& writer_;
  Sites& sites_;
  SharedFiles& sharedFiles_;
};

}  // namespace rr
