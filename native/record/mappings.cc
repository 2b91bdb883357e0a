// What mmap(2) and shmat(2) have mapped, and the files behind it.
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "record/call-result.h"
#include "record/named-pages.h"
#include "record/recorder.h"
#include "record/task-state.h"
#include "tracee/descriptor.h"

namespace rr {

namespace {

// To store a file waits for the disk (fsync), which other work may keep busy for seconds. Nanoseconds.
constexpr uint64_t kTellOfStore = 1'000'000'000;

uint64_t pageUp(uint64_t length) { return (length + 4095) & ~4095ULL; }

// The parts of a mapping that are data of its file, not holes: addresses.
std::vector<AddressRange> dataOf(int descriptor, const MappingFacts& facts) {
  std::vector<AddressRange> parts;
  const uint64_t end = std::min(facts.offset + facts.length, facts.fileSize);
  for (uint64_t offset = facts.offset; offset < end;) {
    const off_t data = lseek(descriptor, static_cast<off_t>(offset), SEEK_DATA);
    if (data < 0 || static_cast<uint64_t>(data) >= end) break;
    const off_t hole = lseek(descriptor, data, SEEK_HOLE);
    offset = hole <= data ? end : std::min(static_cast<uint64_t>(hole), end);
    parts.push_back(
        {facts.address + static_cast<uint64_t>(data) - facts.offset, facts.address + offset - facts.offset});
  }
  return parts;
}

}  // namespace

void Recorder::tellOfStore(std::string_view path, uint64_t nanoseconds) {
  char took[32];
  snprintf(took, sizeof took, " took %.1f s", static_cast<double>(nanoseconds) / 1e9);
  callbacks_.note("to copy " + std::string(path) + " to the store" + took);
}

// A file that the task maps. `fresh`: its times do not tell whether it is the file that the store has.
bool Recorder::storeFile(const Task& task, int descriptor, MappingFacts& facts, bool fresh) {
  struct stat identity;
  if (fstat(descriptor, &identity) != 0 || !S_ISREG(identity.st_mode)) return false;
  // It may be larger than memory.
  const auto goesOn = [&] {
    keepUp("the copy of a mapped file", task.tid);
    return !terminate_;
  };
  const uint64_t began = monotonicNow();
  const auto hash = store_.put(descriptor, identity, fresh, goesOn);
  if (const uint64_t took = monotonicNow() - began; took > kTellOfStore) tellOfStore(facts.path, took);
  if (!hash && terminate_) return false;
  if (!hash) {
    warnOnce("store", store_.error() + ": mapped files go into the trace itself");
    return false;
  }
  facts.device = identity.st_dev;
  facts.inode = identity.st_ino;
  facts.fileSize = static_cast<uint64_t>(identity.st_size);
  facts.source = schema::MappingSource::kStore;
  memcpy(facts.hash, hash->data(), sizeof facts.hash);
  return true;
}

void Recorder::recordMmap(Task& task, const user_regs_struct& registers) {
  MappingFacts facts;
  facts.address = registers.rax;
  facts.length = pageUp(task.arguments[1]);
  facts.protection = static_cast<uint32_t>(task.arguments[2]);
  facts.flags = static_cast<uint32_t>(task.arguments[3]);
  const int fd = static_cast<int>(task.arguments[4]);
  const std::string link = descriptorPath(task.tid, fd);
  struct stat identity = {};
  const bool named = !(facts.flags & MAP_ANONYMOUS) && stat(link.c_str(), &identity) == 0;
  // Memory of /dev/zero is anonymous memory.
  if (named && S_ISCHR(identity.st_mode) && identity.st_rdev == makedev(1, 5)) facts.flags |= MAP_ANONYMOUS;
  if (facts.flags & MAP_ANONYMOUS) {
    writer_.mapping(task.tid, facts);
    return;
  }
  facts.offset = task.arguments[5];
  char target[4096];
  const ssize_t length = readlink(link.c_str(), target, sizeof target);
  if (length > 0) facts.path = std::string_view(target, static_cast<size_t>(length));
  const bool shared = (facts.flags & MAP_TYPE) != MAP_PRIVATE;
  const bool regular = named && S_ISREG(identity.st_mode);
  bool contentNeeded = true;  // by data records
  bool sparse = false;        // of which none are made for holes
  const Descriptor file(regular ? open(link.c_str(), O_RDONLY | O_CLOEXEC) : -1);
  if (regular) {
    facts.device = identity.st_dev;
    facts.inode = identity.st_ino;
    facts.fileSize = static_cast<uint64_t>(identity.st_size);
    const bool seen = shared && sharedFiles_.seen(facts.device, facts.inode);
    const bool written = sharedFiles_.mayBeWritten(facts.device, facts.inode);
    // To read the holes would fill them with pages. What is stored anew has them, and the replay's file becomes that.
    sparse = seen && written && file && contentFormOf(file.number(), facts.fileSize) == ContentForm::sparse;
    if (shared && file && replayHasContent(file.number(), identity)) {
      contentNeeded = false;
    } else if (file && storeFile(task, file.number(), facts, written && (!shared || sparse))) {
      // Where nobody could write to it, it is what the store has of it, and the replay's file becomes that.
      contentNeeded = seen && (written || sharedFiles_.changed(facts.device, facts.inode));
    } else {
      sparse = false;
    }
    if (shared && contentNeeded == seen) sharedFiles_.setChanged(facts.device, facts.inode, false);
    if (!shared) {
      notePrivateFile(facts);
    } else {
      sharedFiles_.add(facts.device, facts.inode, {task.space, facts.address, facts.length, facts.offset});
      // mprotect(2) gives the right to write to what was opened for it only.
      const auto opened = descriptorFlags(task.tid, fd);
      if (!opened || (*opened & O_ACCMODE) != O_RDONLY) sharedFiles_.setMayBeWritten(facts.device, facts.inode);
      if (!seen) updateAllLocals();
    }
  }
  if (shared && !regular && (facts.path.starts_with("socket:") || facts.path.starts_with("anon_inode:"))) {
    warnOnce("kernel's memory", "the program maps " + std::string(facts.path) +
                                    ", where the kernel writes without being seen: the replay may diverge");
  }
  if (facts.source != schema::MappingSource::kStore) facts.source = schema::MappingSource::kRecorded;
  writer_.mapping(task.tid, facts);
  if (regular) noteText(task, facts);
  if (contentNeeded && sparse) {
    for (const AddressRange& part : dataOf(file.number(), facts)) {
      writer_.memory(task.tid, task.space->memory, part.start, part.end - part.start);
    }
  } else if (contentNeeded) {
    writer_.memory(task.tid, task.space->memory, facts.address, facts.length);
  }
  if (file) replaceRandom(task, file.number(), facts);
}

// In code that a task has mapped from a file, for itself alone.
void Recorder::replaceRandom(Task& task, int descriptor, const MappingFacts& facts) {
  if (!(facts.protection & PROT_EXEC) || (facts.flags & MAP_TYPE) != MAP_PRIVATE) return;
  const OtherInstructions others = {.time = !timeTraps_, .identity = identityReplaced_};
  for (const ReplacedByte& byte : randomInstructions_.inFile(descriptor, facts.offset, facts.length, others)) {
    const uint64_t address = facts.address + byte.offset;
    if (!task.space->memory.writeAll(address, &byte.value, sizeof byte.value)) return lost(task);
    writer_.memory(task.tid, task.space->memory, address, sizeof byte.value);
    task.space->replaced[address] = byte.value;
  }
}

// Where the file's own byte has come back, it is replaced again. False when there is no memory any more.
bool Recorder::replaceAgain(const Task& task, uint64_t address, uint8_t value) {
  const auto now = task.space->memory.readValue<uint8_t>(address);
  if (now == replacedBy(value)) {
    task.space->memory.writeAll(address, &value, sizeof value);
    writer_.memory(task.tid, task.space->memory, address, sizeof value);
  }
  return now.has_value();
}

// At the end of a call that may have thrown away pages with replaced code, or have moved them.
void Recorder::noteReplacedCode(Task& task, const user_regs_struct& registers) {
  std::map<uint64_t, uint8_t>& replaced = task.space->replaced;
  if (replaced.empty()) return;
  const uint64_t(&arguments)[6] = task.arguments;
  const auto take = [&](uint64_t start, uint64_t length) {
    const std::optional<AddressRange> range = namedPages(start, length);
    if (!range) return std::map<uint64_t, uint8_t>();
    const auto first = replaced.lower_bound(range->start);
    const auto last = replaced.lower_bound(range->end);
    const std::map<uint64_t, uint8_t> taken(first, last);
    replaced.erase(first, last);
    return taken;
  };
  const auto keep = [&](uint64_t address, uint8_t value) {
    if (replaceAgain(task, address, value)) replaced[address] = value;
  };
  const bool failed = isFailure(static_cast<int64_t>(registers.rax));
  switch (task.call) {
    case SYS_munmap:
      if (!failed) take(arguments[0], arguments[1]);
      return;
    case SYS_mmap:
      if (!failed) take(registers.rax, arguments[1]);
      return;
    case SYS_madvise:
      // Also when it has failed half-way.
      for (const auto& [address, value] : take(arguments[0], arguments[1])) keep(address, value);
      return;
    case SYS_mremap: {
      if (failed) return;
      const std::map<uint64_t, uint8_t> moved = take(arguments[0], arguments[1]);
      take(registers.rax, arguments[2]);
      for (const auto& [address, value] : moved) {
        keep(address, value);
        keep(address - arguments[0] + registers.rax, value);
      }
      return;
    }
    default:
      return;
  }
}

// The mapping and what it holds now; a segment that several tasks attach is one memory in replay by its id.
void Recorder::recordShmat(Task& task, const user_regs_struct& registers) {
  MappingFacts facts;
  facts.address = registers.rax;
  for (const MapLine& line : readMaps(task.tid)) {
    if (line.start != facts.address) continue;
    facts.length = line.end - line.start;
    facts.protection = PROT_READ | (line.writable ? PROT_WRITE : 0) | (line.executable ? PROT_EXEC : 0);
    facts.flags = MAP_SHARED;
    facts.device = makedev(line.deviceMajor, line.deviceMinor);
    facts.inode = line.inode;
    facts.fileSize = facts.length;
    facts.source = schema::MappingSource::kRecorded;
    facts.path = line.name;
    writer_.mapping(task.tid, facts);
    writer_.memory(task.tid, task.space->memory, facts.address, facts.length);
    addSharedMemory(*task.space, {facts.address, facts.address + facts.length});
    return;
  }
}

}  // namespace rr
