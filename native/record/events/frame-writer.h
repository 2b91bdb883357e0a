// Writes the raw records of the trace (engine/schema/schema.ts) into the ring. Tracer thread only.
#pragma once

#include <sys/user.h>

#include <cstdint>
#include <string_view>

#include "generated/schema.h"
#include "ring/ring.h"
#include "tracee/tracee.h"

namespace rr {

// A mapping as the recorder learns of it.
struct MappingFacts {
  uint64_t address = 0;
  uint64_t length = 0;
  uint64_t offset = 0;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t fileSize = 0;
  uint32_t protection = 0;
  uint32_t flags = 0;
  schema::MappingSource source = schema::MappingSource::kAnonymous;
  uint8_t hash[32] = {};
  std::string_view path;
};

class FrameWriter {
 public:
  explicit FrameWriter(RingWriter& ring);

  // Number of the event that the next records belong to.
  // Mapping records of the event so far.
  uint32_t mappings() const { return mappingCount_; }
  uint64_t event() const { return event_; }
  // False once a consumer has failed: everything is dropped from then on.
  bool recording() const { return !dropped_; }
  uint64_t bytesWritten() const { return bytes_; }

  // Bytes at an address of the task's memory, cut at the first one that cannot be read; the number recorded. `flags`:
  // kDataFromFile or none.
  uint64_t memory(pid_t tid, const TraceeMemory& memory, uint64_t address, uint64_t length, uint8_t flags = 0);
  // Bytes of ours, split over records as needed.
  void data(pid_t tid, schema::DataSpace space, uint64_t address, const void* bytes, uint64_t length);
  // Entries of the syscall buffer, all that precede the event; split over records as needed.
  void bufferEntries(pid_t tid, const uint8_t* bytes, uint64_t length);
  void mapping(pid_t tid, const MappingFacts& facts);
  void task(schema::TaskKind kind, pid_t tid, pid_t parent, pid_t threadGroup, int status, uint64_t cloneFlags,
            std::string_view text);
  // The next frame says what its call sends (calls/sent-bytes.h).
  void sent(uint32_t hash) { sent_ = hash; }
  // Closes the event.
  void frame(schema::EventKind kind, pid_t tid, int number, const user_regs_struct& registers, uint8_t flags = 0,
             uint8_t stdio = 0, uint64_t ticks = 0);

 private:
  void piece(pid_t tid, schema::DataSpace space, uint64_t address, const uint8_t* bytes, uint64_t length);
  template <typename Record>
  Record* begin(size_t payload, schema::RecordKind kind);

  RingWriter& ring_;
  uint64_t event_ = 1;
  uint64_t start_;
  uint64_t bytes_ = 0;
  uint32_t dataCount_ = 0;
  uint32_t mappingCount_ = 0;
  uint32_t taskCount_ = 0;
  uint32_t sent_ = 0;
  bool dropped_ = false;
};

}  // namespace rr
