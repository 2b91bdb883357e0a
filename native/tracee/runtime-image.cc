#include "tracee/runtime-image.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include <fstream>
#include <iterator>

namespace rr {

namespace {

std::string beside(const std::string& launcher) {
  const size_t slash = launcher.rfind('/');
  return (slash == std::string::npos ? std::string() : launcher.substr(0, slash + 1)) + "rr-runtime";
}

// The bytes that belong at RR_CODE; none when no segment of the file does.
std::vector<uint8_t> codeOf(const std::vector<char>& file) {
  Elf64_Ehdr header;
  if (file.size() < sizeof header) return {};
  memcpy(&header, file.data(), sizeof header);
  if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phentsize != sizeof(Elf64_Phdr)) return {};
  for (size_t i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr segment;
    const uint64_t at = header.e_phoff + i * sizeof segment;
    if (at > file.size() || file.size() - at < sizeof segment) return {};
    memcpy(&segment, file.data() + at, sizeof segment);
    if (segment.p_type != PT_LOAD || segment.p_vaddr != RR_CODE || segment.p_filesz > RR_CODE_SIZE) continue;
    if (segment.p_offset > file.size() || file.size() - segment.p_offset < segment.p_filesz) return {};
    const auto* start = reinterpret_cast<const uint8_t*>(file.data()) + segment.p_offset;
    return {start, start + segment.p_filesz};
  }
  return {};
}

}  // namespace

RuntimeImage::RuntimeImage(const std::string& launcher) {
  const std::string path = beside(launcher);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    error_ = path + ": " + strerror(errno);
    return;
  }
  const std::vector<char> file((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  std::vector<uint8_t> code = codeOf(file);
  if (code.size() >= sizeof header_) memcpy(&header_, code.data(), sizeof header_);
  if (header_.magic != RR_RUNTIME_MAGIC || header_.end != RR_CODE + code.size()) {
    error_ = path + ": not the runtime of this version; build it again";
    return;
  }
  code_ = std::move(code);
}

}  // namespace rr
