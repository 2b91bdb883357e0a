// What mmap(2), shmat(2) and execve(2) have mapped, and the files behind it.
#pragma once

#include <sys/user.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "record/events/frame-writer.h"
#include "record/files/file-store.h"
#include "record/files/linked-file.h"
#include "record/files/private-files.h"
#include "record/files/replaced-code.h"
#include "record/files/shared-files.h"
#include "record/files/shared-memory.h"
#include "record/files/vdso.h"
#include "record/recording-log.h"
#include "record/runtime/locals.h"
#include "record/tracer-thread.h"
#include "record/tree/waits.h"

namespace rr {

// Tracer thread only.
class Mappings {
 public:
  Mappings(const RecorderOptions& options, FrameWriter& writer, TaskTree& tree, Waits& waits,
           const TracerThread& tracer, RecordingLog& log, SharedFiles& sharedFiles, PrivateFiles& privateFiles,
           SharedMemory& sharedMemory, ReplacedCode& replacedCode, const Vdso& vdso, const RuntimeLocals& locals);

  // At the end of an mmap that has not failed: the mapping, and what it holds where the store has not. Gives what was
  // mapped of a regular file, without the path; nothing for other memory.
  std::optional<MappingFacts> recordMmap(Task& task, const user_regs_struct& registers);
  // The same for a shmat; a segment that several tasks attach is one memory in replay by its id.
  void recordShmat(Task& task, const user_regs_struct& registers);
  // All mappings of a new program, which stands at its first instruction. `maps`: them; `vdsoStart`: 0 without one.
  void recordProgram(Task& task, const std::vector<MapLine>& maps, const user_regs_struct& registers,
                     uint64_t vdsoStart);

 private:
  // `file`: the line's, where it is of a file that can be found.
  void recordMapping(Task& task, const MapLine& line, std::optional<LinkedFile>& file,
                     const user_regs_struct& registers, uint64_t vdsoStart);
  // A file that the task maps. `fresh`: its times do not tell whether it is the file that the store has.
  bool storeFile(const Task& task, LinkedFile& file, MappingFacts& facts, bool fresh = false);
  std::optional<ContentHash> putFile(const Task& task, const LinkedFile& file, const MappingFacts& facts, bool fresh);
  void tellOfStore(std::string_view path, uint64_t nanoseconds);
  void notePrivateFile(const MappingFacts& facts);
  bool replayHasContent(LinkedFile& file);
  const std::optional<ContentHash>& storedVdso();

  FrameWriter& writer_;
  TaskTree& tree_;
  Waits& waits_;
  const TracerThread& tracer_;
  RecordingLog& log_;
  SharedFiles& sharedFiles_;
  PrivateFiles& privateFiles_;
  SharedMemory& sharedMemory_;
  ReplacedCode& replacedCode_;
  const Vdso& vdso_;
  const RuntimeLocals& locals_;
  FileStore store_;
  std::optional<ContentHash> vdsoHash_;  // when it is in the store
};

}  // namespace rr
