#include "record/events/frame-writer.h"

#include <string.h>
#include <sys/uio.h>

#include <algorithm>

#include "tracee/clock.h"

namespace rr {

namespace {

// Largest payload of one data record: small enough to leave little room unused at the end of a slot.
constexpr uint64_t kDataPiece = 64 * 1024;

static_assert(sizeof(user_regs_struct) == sizeof(schema::FrameRecord::registers));

// Reads of the tracee's memory from this size on are worth process_vm_readv, which copies once and looks up many pages
// at a time; /proc/PID/mem copies twice, page by page. Bytes.
constexpr size_t kLargeRead = 16 * 1024;

// Reads memory of a task that lives. Like TraceeMemory::read.
ssize_t readMemory(pid_t tid, const TraceeMemory& memory, uint64_t address, void* into, size_t length) {
  if (length >= kLargeRead) {
    const iovec here = {into, length};
    const iovec there = {reinterpret_cast<void*>(address), length};
    const ssize_t got = process_vm_readv(tid, &here, 1, &there, 1, 0);
    if (got == static_cast<ssize_t>(length)) return got;
  }
  // Also what the program itself may not read.
  return memory.read(address, into, length);
}

// Events are told apart to a microsecond, as `rr dump` prints them: no stop takes less. What is finer is noise, and
// takes a sixth of lane `events`. A power of two, for zero bits are stored as next to nothing. Nanoseconds.
constexpr uint64_t kTimeStep = 1024;

size_t padded(size_t bytes) { return (bytes + 7) & ~size_t{7}; }

}  // namespace

FrameWriter::FrameWriter(RingWriter& ring) : ring_(ring), start_(monotonicNow()) {}

template <typename Record>
Record* FrameWriter::begin(size_t payload, schema::RecordKind kind) {
  if (dropped_) return nullptr;
  const size_t size = padded(sizeof(Record) + payload);
  uint8_t* space = ring_.reserve(size);
  if (!space) {
    dropped_ = true;
    return nullptr;
  }
  memset(space, 0, sizeof(Record));
  // The padding behind the payload; the payload itself is the caller's.
  memset(space + size - 8, 0, std::min<size_t>(8, size - sizeof(Record)));
  auto* record = reinterpret_cast<Record*>(space);
  record->header.size = static_cast<uint32_t>(size);
  record->header.kind = static_cast<uint8_t>(kind);
  record->header.event = event_;
  return record;
}

uint64_t FrameWriter::memory(pid_t tid, const TraceeMemory& memory, uint64_t address, uint64_t length, uint8_t flags) {
  uint64_t done = 0;
  while (done < length) {
    const size_t piece = std::min(length - done, kDataPiece);
    auto* record = begin<schema::DataRecord>(piece, schema::RecordKind::kData);
    if (!record) return done;
    const ssize_t got = readMemory(tid, memory, address + done, record + 1, piece);
    if (got <= 0) return done;  // reserved, not committed: the space is used again
    const size_t size = padded(sizeof *record + static_cast<size_t>(got));
    memset(reinterpret_cast<uint8_t*>(record + 1) + got, 0, size - sizeof *record - static_cast<size_t>(got));
    record->header.size = static_cast<uint32_t>(size);
    record->header.flags = flags;
    record->address = address + done;
    record->tid = tid;
    record->space = static_cast<uint8_t>(schema::DataSpace::kMemory);
    record->length = static_cast<uint32_t>(got);
    ring_.commit(size);
    bytes_ += size;
    dataCount_++;
    done += static_cast<uint64_t>(got);
    if (static_cast<size_t>(got) < piece) break;
  }
  return done;
}

void FrameWriter::bufferEntries(pid_t tid, const uint8_t* bytes, uint64_t length) {
  // The codec wants whole entries in each record.
  uint64_t done = 0;
  for (uint64_t at = 0; length - at >= sizeof(uint64_t);) {
    uint32_t size;
    memcpy(&size, bytes + at, sizeof size);
    const uint64_t next = at + std::clamp<uint64_t>(size, sizeof(uint64_t), length - at);
    if (next - done > kDataPiece && at > done) {
      piece(tid, schema::DataSpace::kSyscallBuffer, length, bytes + done, at - done);
      done = at;
    }
    at = next;
  }
  if (done < length) piece(tid, schema::DataSpace::kSyscallBuffer, length, bytes + done, length - done);
}

void FrameWriter::data(pid_t tid, schema::DataSpace space, uint64_t address, const void* bytes, uint64_t length) {
  for (uint64_t done = 0; done < length; done += kDataPiece) {
    piece(tid, space, address + done, static_cast<const uint8_t*>(bytes) + done, std::min(length - done, kDataPiece));
  }
}

void FrameWriter::piece(pid_t tid, schema::DataSpace space, uint64_t address, const uint8_t* bytes, uint64_t length) {
  auto* record = begin<schema::DataRecord>(length, schema::RecordKind::kData);
  if (!record) return;
  record->address = address;
  record->tid = tid;
  record->space = static_cast<uint8_t>(space);
  record->length = static_cast<uint32_t>(length);
  memcpy(record + 1, bytes, length);
  bytes_ += record->header.size;
  ring_.commit(record->header.size);
  dataCount_++;
}

void FrameWriter::mapping(pid_t tid, const MappingFacts& facts) {
  auto* record = begin<schema::MappingRecord>(facts.path.size(), schema::RecordKind::kMapping);
  if (!record) return;
  record->address = facts.address;
  record->length = facts.length;
  record->offset = facts.offset;
  record->device = facts.device;
  record->inode = facts.inode;
  record->fileSize = facts.fileSize;
  record->tid = tid;
  record->protection = facts.protection;
  record->mapFlags = facts.flags;
  record->source = static_cast<uint8_t>(facts.source);
  memcpy(record->hash, facts.hash, sizeof facts.hash);
  record->pathLength = static_cast<uint32_t>(facts.path.size());
  memcpy(record + 1, facts.path.data(), facts.path.size());
  bytes_ += record->header.size;
  ring_.commit(record->header.size);
  mappingCount_++;
}

void FrameWriter::task(schema::TaskKind kind, pid_t tid, pid_t parent, pid_t threadGroup, int status,
                       uint64_t cloneFlags, std::string_view text) {
  // Arguments of an exec may be megabytes; a listing needs no more than this.
  text = text.substr(0, kDataPiece);
  auto* record = begin<schema::TaskRecord>(text.size(), schema::RecordKind::kTask);
  if (!record) return;
  record->tid = tid;
  record->parentTid = parent;
  record->threadGroup = threadGroup;
  record->status = status;
  record->cloneFlags = cloneFlags;
  record->taskKind = static_cast<uint8_t>(kind);
  record->textLength = static_cast<uint32_t>(text.size());
  memcpy(record + 1, text.data(), text.size());
  bytes_ += record->header.size;
  ring_.commit(record->header.size);
  taskCount_++;
}

void FrameWriter::frame(schema::EventKind kind, pid_t tid, int number, const user_regs_struct& registers, uint8_t flags,
                        uint8_t stdio, uint64_t ticks) {
  auto* record = begin<schema::FrameRecord>(0, schema::RecordKind::kFrame);
  if (!record) return;
  record->header.flags = flags;
  record->time = (monotonicNow() - start_) / kTimeStep * kTimeStep;
  record->tid = tid;
  record->number = number;
  record->eventKind = static_cast<uint8_t>(kind);
  record->stdio = stdio;
  record->ticks = ticks;
  record->dataCount = dataCount_;
  record->mappingCount = mappingCount_;
  record->taskCount = taskCount_;
  record->sent = sent_;
  memcpy(record->registers, &registers, sizeof record->registers);
  ring_.commit(sizeof *record);
  bytes_ += sizeof *record;
  dataCount_ = mappingCount_ = taskCount_ = sent_ = 0;
  event_++;
}

}  // namespace rr
