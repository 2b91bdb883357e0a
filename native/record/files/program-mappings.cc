// The mappings of a program that has just been executed.
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include <string>

#include "record/files/mappings.h"

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;

bool isFileOf(const LinkedFile& file, const MapLine& line) {
  return file.isRegular() && file.is(makedev(line.deviceMajor, line.deviceMinor), line.inode);
}

// The file of a line of /proc/TID/maps; nothing when it is no longer that file. map_files needs a capability, so first
// the path as the task sees it, then the executable's own link.
std::optional<LinkedFile> findMapped(pid_t tid, const MapLine& line) {
  const std::string process = "/proc/" + std::to_string(tid);
  for (const std::string& path : {process + "/root" + line.name, process + "/exe"}) {
    if (LinkedFile file(path); isFileOf(file, line)) return file;
  }
  return std::nullopt;
}

}  // namespace

void Mappings::recordProgram(Task& task, const std::vector<MapLine>& maps, const user_regs_struct& registers,
                             uint64_t vdsoStart) {
  std::optional<LinkedFile> file;
  for (const MapLine& line : maps) {
    // Lines of one file follow each other.
    if (line.inode != 0 && (!file || !isFileOf(*file, line))) file = findMapped(task.tid, line);
    recordMapping(task, line, file, registers, vdsoStart);
  }
}

void Mappings::recordMapping(Task& task, const MapLine& line, std::optional<LinkedFile>& file,
                             const user_regs_struct& registers, uint64_t vdsoStart) {
  // vvar cannot be read by anyone but the kernel's own vdso code, which is patched; vsyscall is the kernel's.
  if (line.name.starts_with("[vvar") || line.name == "[vsyscall]") return;
  MappingFacts facts;
  facts.address = line.start;
  facts.length = line.end - line.start;
  facts.offset = line.offset;
  facts.protection =
      (line.readable ? PROT_READ : 0U) | (line.writable ? PROT_WRITE : 0U) | (line.executable ? PROT_EXEC : 0U);
  facts.flags = line.shared ? MAP_SHARED : MAP_PRIVATE;
  facts.path = line.name;
  const TraceeMemory& memory = task.space->memory;
  if (line.name == "[stack]") {
    facts.source = schema::MappingSource::kStack;
    facts.flags |= MAP_ANONYMOUS | MAP_GROWSDOWN;
    writer_.mapping(task.tid, facts);
    const uint64_t used = registers.rsp & ~7ULL;
    writer_.memory(task.tid, memory, used, line.end - used);
    return;
  }
  if (line.start == vdsoStart) {
    if (const auto& hash = storedVdso()) {
      facts.source = schema::MappingSource::kStore;
      facts.fileSize = vdso_.image().size();
      memcpy(facts.hash, hash->data(), sizeof facts.hash);
      writer_.mapping(task.tid, facts);
      return;
    }
  } else if (line.inode == 0) {
    facts.flags |= MAP_ANONYMOUS;
    // Zero pages by the contract of execve; named ones ([heap] of a static program) too.
    writer_.mapping(task.tid, facts);
    return;
  } else {
    const bool stored = file && storeFile(task, *file, facts);
    if (!stored) facts.source = schema::MappingSource::kRecorded;
    writer_.mapping(task.tid, facts);
    if (!stored) writer_.memory(task.tid, memory, line.start, facts.length);
    if (file) replacedCode_.replaceRandom(task, *file, facts);
    if (stored && !line.shared) notePrivateFile(facts);
    // The loader in the kernel clears what follows the file's part of the last page.
    if (stored && line.writable && !line.shared) writer_.memory(task.tid, memory, line.end - kPage, kPage);
    return;
  }
  facts.source = schema::MappingSource::kRecorded;
  writer_.mapping(task.tid, facts);
  writer_.memory(task.tid, memory, line.start, facts.length);
}

}  // namespace rr
