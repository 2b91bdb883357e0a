// Calls that change files which tracees have mapped, and calls that move shared mappings (shared-files.h,
// private-files.h).
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "record/events/frame-writer.h"
#include "record/files/private-files.h"
#include "record/files/shared-files.h"
#include "record/runtime/locals.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class FileWrites {
 public:
  FileWrites(FrameWriter& writer, const TaskTree& tree, SharedFiles& sharedFiles, PrivateFiles& privateFiles,
             const RuntimeLocals& locals)
      : writer_(writer), tree_(tree), sharedFiles_(sharedFiles), privateFiles_(privateFiles), locals_(locals) {}

  // At the end of a call that may have moved or unmapped a view of a file.
  void noteSharedViews(const Task& task, int64_t result);
  // A call that changed a file which a tracee has mapped has changed that memory too.
  void recordFileWrites(Task& task, int64_t result);

 private:
  // A file that a call has changed.
  struct FileChange {
    std::string path;  // as the tracer sees it
    enum class Kind { written, cut, allocated } kind;
  };
  std::optional<FileChange> fileChange(const Task& task, int64_t result) const;
  std::optional<uint64_t> endOfWrite(const Task& task, int64_t result, uint64_t size) const;
  void recordPrivateRange(const struct stat& identity, uint64_t start, uint64_t end);
  bool recordFileRange(const struct stat& identity, uint64_t start, uint64_t end);

  FrameWriter& writer_;
  const TaskTree& tree_;
  SharedFiles& sharedFiles_;
  PrivateFiles& privateFiles_;
  const RuntimeLocals& locals_;
};

}  // namespace rr
