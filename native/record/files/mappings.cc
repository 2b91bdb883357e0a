#include "record/files/mappings.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "record/call-result.h"
#include "record/named-pages.h"
#include "record/tree/task-state.h"
#include "tracee/clock.h"

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

Mappings::Mappings(const RecorderOptions& options, FrameWriter& writer, TaskTree& tree, Waits& waits,
                   const TracerThread& tracer, RecordingLog& log, SharedFiles& sharedFiles, PrivateFiles& privateFiles,
                   SharedMemory& sharedMemory, ReplacedCode& replacedCode, const Vdso& vdso,
                   const RuntimeLocals& locals)
    : writer_(writer),
      tree_(tree),
      waits_(waits),
      tracer_(tracer),
      log_(log),
      sharedFiles_(sharedFiles),
      privateFiles_(privateFiles),
      sharedMemory_(sharedMemory),
      replacedCode_(replacedCode),
      vdso_(vdso),
      locals_(locals),
      store_(options.storeDirectory, options.registration) {}

void Mappings::tellOfStore(std::string_view path, uint64_t nanoseconds) {
  char took[32];
  snprintf(took, sizeof took, " took %.1f s", static_cast<double>(nanoseconds) / 1e9);
  log_.note("to copy " + std::string(path) + " to the store" + took);
}

bool Mappings::storeFile(const Task& task, LinkedFile& file, MappingFacts& facts, bool fresh) {
  if (!file.isRegular()) return false;
  std::optional<ContentHash> hash = fresh ? std::nullopt : store_.known(*file.identity());
  if (!hash && !file.open()) return false;
  if (!hash) hash = putFile(task, file, facts, fresh);
  if (!hash) return false;
  facts.device = file.identity()->st_dev;
  facts.inode = file.identity()->st_ino;
  facts.fileSize = static_cast<uint64_t>(file.identity()->st_size);
  facts.source = schema::MappingSource::kStore;
  memcpy(facts.hash, hash->data(), sizeof facts.hash);
  return true;
}

// Of an open file; nothing, told to the user, where the store cannot have it.
std::optional<ContentHash> Mappings::putFile(const Task& task, const LinkedFile& file, const MappingFacts& facts,
                                             bool fresh) {
  // It may be larger than memory.
  const auto goesOn = [&] {
    waits_.keepUp("the copy of a mapped file", task.tid);
    return !tracer_.isTerminating();
  };
  const uint64_t began = monotonicNow();
  const auto hash = store_.put(file.descriptor(), *file.identity(), fresh, goesOn);
  if (const uint64_t took = monotonicNow() - began; took > kTellOfStore) tellOfStore(facts.path, took);
  if (!hash && !tracer_.isTerminating()) {
    log_.warnOnce("store", store_.error() + ": mapped files go into the trace itself");
  }
  return hash;
}

std::optional<MappingFacts> Mappings::recordMmap(Task& task, const user_regs_struct& registers) {
  MappingFacts facts;
  facts.address = registers.rax;
  facts.length = pageUp(task.arguments[1]);
  facts.protection = static_cast<uint32_t>(task.arguments[2]);
  facts.flags = static_cast<uint32_t>(task.arguments[3]);
  const int fd = static_cast<int>(task.arguments[4]);
  if (facts.flags & MAP_ANONYMOUS) {
    writer_.mapping(task.tid, facts);
    return std::nullopt;
  }
  LinkedFile file(descriptorPath(task.tid, fd));
  // Memory of /dev/zero is anonymous memory.
  if (file.identity() && S_ISCHR(file.identity()->st_mode) && file.identity()->st_rdev == makedev(1, 5)) {
    facts.flags |= MAP_ANONYMOUS;
    writer_.mapping(task.tid, facts);
    return std::nullopt;
  }
  facts.offset = task.arguments[5];
  char target[4096];
  const ssize_t length = readlink(file.path().c_str(), target, sizeof target);
  if (length > 0) facts.path = std::string_view(target, static_cast<size_t>(length));
  const bool shared = (facts.flags & MAP_TYPE) != MAP_PRIVATE;
  const bool regular = file.isRegular();
  bool contentNeeded = true;  // by data records
  bool sparse = false;        // of which none are made for holes
  if (regular) {
    facts.device = file.identity()->st_dev;
    facts.inode = file.identity()->st_ino;
    facts.fileSize = static_cast<uint64_t>(file.identity()->st_size);
    const bool seen = shared && sharedFiles_.seen(facts.device, facts.inode);
    const bool written = sharedFiles_.mayBeWritten(facts.device, facts.inode);
    // To read the holes would fill them with pages. What is stored anew has them, and the replay's file becomes that.
    sparse = seen && written && file.open() && contentFormOf(file.descriptor(), facts.fileSize) == ContentForm::sparse;
    if (shared && replayHasContent(file)) {
      contentNeeded = false;
    } else if (storeFile(task, file, facts, written && (!shared || sparse))) {
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
      if (!seen) locals_.updateAll();
    }
  }
  if (shared && !regular && (facts.path.starts_with("socket:") || facts.path.starts_with("anon_inode:"))) {
    log_.warnOnce("kernel's memory", "the program maps " + std::string(facts.path) +
                                         ", where the kernel writes without being seen: the replay may diverge");
  }
  if (facts.source != schema::MappingSource::kStore) facts.source = schema::MappingSource::kRecorded;
  writer_.mapping(task.tid, facts);
  if (contentNeeded && sparse) {
    for (const AddressRange& part : dataOf(file.descriptor(), facts)) {
      writer_.memory(task.tid, task.space->memory, part.start, part.end - part.start);
    }
  } else if (contentNeeded) {
    writer_.memory(task.tid, task.space->memory, facts.address, facts.length);
  }
  replacedCode_.replaceRandom(task, file, facts);
  if (!regular) return std::nullopt;
  facts.path = {};
  return facts;
}

void Mappings::recordShmat(Task& task, const user_regs_struct& registers) {
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
    sharedMemory_.add(*task.space, {facts.address, facts.address + facts.length});
    return;
  }
}

void Mappings::notePrivateFile(const MappingFacts& facts) {
  if (privateFiles_.add(facts.device, facts.inode, facts.fileSize)) locals_.updateAll();
}

// True when the replay's file needs nothing at this shared mapping. A file without a name belongs to those who have it
// open, and what they do to it is recorded, or has been marked (setChanged); before its first mapping it may be all
// holes. Such files are what programs share big memory by, and map again and again in pieces.
bool Mappings::replayHasContent(LinkedFile& file) {
  const struct stat& identity = *file.identity();
  if (identity.st_nlink != 0 || !file.open()) return false;
  if (sharedFiles_.seen(identity.st_dev, identity.st_ino)) {
    return !sharedFiles_.changed(identity.st_dev, identity.st_ino);
  }
  return lseek(file.descriptor(), 0, SEEK_DATA) < 0 && errno == ENXIO;
}

const std::optional<ContentHash>& Mappings::storedVdso() {
  const std::vector<uint8_t>& image = vdso_.image();
  if (!vdsoHash_) vdsoHash_ = store_.putBytes(image.data(), image.size());
  return vdsoHash_;
}

}  // namespace rr
