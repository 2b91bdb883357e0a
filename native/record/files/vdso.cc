#include "record/files/vdso.h"

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "record/files/unwind-table.h"
#include "tracee/tracee.h"

namespace rr {

namespace {

// vdso(7), "x86-64 functions"; each has the parameters of the system call. getrandom is new in Linux 6.11: its vdso
// form keeps state in the program's memory, which it asks for by a call of its own kind, so it answers ENOSYS and the C
// library makes the system call.
const std::map<std::string, int> kFunctions = {
    {"__vdso_clock_gettime", SYS_clock_gettime},
    {"__vdso_gettimeofday", SYS_gettimeofday},
    {"__vdso_time", SYS_time},
    {"__vdso_getcpu", SYS_getcpu},
    {"__vdso_clock_getres", SYS_clock_getres},
    {"__vdso_getrandom", -1},
};

// mov $number, %eax; syscall; ret. The two bytes behind are never executed: with the ret they are what a jump in place
// of the syscall borrows (patch/jump.h), and lead it 4 MB upward, where behind the vdso nothing is mapped.
std::array<uint8_t, 10> callStub(int number) {
  const auto value = static_cast<uint32_t>(number);
  return {0xb8,
          static_cast<uint8_t>(value),
          static_cast<uint8_t>(value >> 8),
          static_cast<uint8_t>(value >> 16),
          static_cast<uint8_t>(value >> 24),
          0x0f,
          0x05,
          0xc3,
          0x40,
          0x00};
}

// mov $-38, %rax (ENOSYS); ret
constexpr std::array<uint8_t, 10> kRefuseStub = {0x48, 0xc7, 0xc0, 0xda, 0xff, 0xff, 0xff, 0xc3, 0xcc, 0xcc};

template <typename T>
const T* at(const std::vector<uint8_t>& image, uint64_t offset, uint64_t count = 1) {
  if (offset > image.size() || count > (image.size() - offset) / sizeof(T)) return nullptr;
  return reinterpret_cast<const T*>(image.data() + offset);
}

}  // namespace

Vdso::Vdso() {
  const uint64_t start = getauxval(AT_SYSINFO_EHDR);
  if (start == 0) return;
  for (const MapLine& line : readMaps(getpid())) {
    if (line.start != start) continue;
    const auto* bytes = reinterpret_cast<const uint8_t*>(start);
    image_.assign(bytes, bytes + (line.end - line.start));
  }
  for (size_t offset = 1; offset + 1 < image_.size(); offset++) {
    if (image_[offset] == 0x0f && image_[offset + 1] == 0x05) {
      syscallOffset_ = offset;
      break;
    }
  }
  patchFunctions();
}

void Vdso::patchFunctions() {
  const auto* header = at<Elf64_Ehdr>(image_, 0);
  if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return;
  const auto* sections = at<Elf64_Shdr>(image_, header->e_shoff, header->e_shnum);
  if (!sections) return;
  std::vector<uint64_t> patched;
  for (int i = 0; i < header->e_shnum; i++) {
    const Elf64_Shdr& section = sections[i];
    if (section.sh_type != SHT_DYNSYM || section.sh_link >= header->e_shnum) continue;
    const uint64_t count = section.sh_size / sizeof(Elf64_Sym);
    const auto* symbols = at<Elf64_Sym>(image_, section.sh_offset, count);
    const Elf64_Shdr& strings = sections[section.sh_link];
    const auto* names = at<char>(image_, strings.sh_offset, strings.sh_size);
    if (!symbols || !names) continue;
    for (uint64_t s = 0; s < count; s++) {
      const Elf64_Sym symbol = symbols[s];
      if (symbol.st_name >= strings.sh_size) continue;
      const char* name = names + symbol.st_name;
      const auto found = kFunctions.find(std::string(name, strnlen(name, strings.sh_size - symbol.st_name)));
      const auto stub = found == kFunctions.end() || found->second < 0 ? kRefuseStub : callStub(found->second);
      if (found == kFunctions.end() || !at<uint8_t>(image_, symbol.st_value, stub.size())) continue;
      // Only within the function; the kernel's smallest has 40 bytes.
      const size_t length = symbol.st_size == 0 ? stub.size() : std::min<size_t>(symbol.st_size, stub.size());
      memcpy(image_.data() + symbol.st_value, stub.data(), length);
      patched.push_back(symbol.st_value);
    }
  }
  describeFunctions(patched);
}

// None of the stubs touches the stack.
void Vdso::describeFunctions(std::span<const uint64_t> functions) {
  const auto* header = at<Elf64_Ehdr>(image_, 0);
  const auto* sections = at<Elf64_Shdr>(image_, header->e_shoff, header->e_shnum);
  if (header->e_shstrndx >= header->e_shnum) return;
  const Elf64_Shdr& strings = sections[header->e_shstrndx];
  const auto* names = at<char>(image_, strings.sh_offset, strings.sh_size);
  if (!names) return;
  for (int i = 0; i < header->e_shnum; i++) {
    const Elf64_Shdr& section = sections[i];
    if (section.sh_name >= strings.sh_size || !at<uint8_t>(image_, section.sh_offset, section.sh_size)) continue;
    const char* name = names + section.sh_name;
    if (std::string_view(name, strnlen(name, strings.sh_size - section.sh_name)) != ".eh_frame") continue;
    describeAsFrameless(std::span(image_).subspan(section.sh_offset, section.sh_size), section.sh_addr, functions);
  }
}

}  // namespace rr
