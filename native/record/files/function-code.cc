#include "record/files/function-code.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "record/files/frame-records.h"

namespace rr {

namespace {

constexpr uint8_t kLockPrefix = 0xf0;
// None is longer, but what is no function. Bytes.
constexpr uint64_t kLongestFunction = 16 << 20;
// Symbols are read so many at once.
constexpr uint64_t kSymbolsAtOnce = 4096;

// Parts of an ELF file, each within its bounds.
class ElfFile {
 public:
  explicit ElfFile(int descriptor) : descriptor_(descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) == 0 && status.st_size > 0) size_ = static_cast<uint64_t>(status.st_size);
    const auto headers = read<Elf64_Ehdr>(0, 1);
    if (headers.empty()) return;
    const Elf64_Ehdr& header = headers.front();
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64) return;
    if (header.e_machine != EM_X86_64 || header.e_type == ET_REL) return;
    if (header.e_phentsize == sizeof(Elf64_Phdr)) segments_ = read<Elf64_Phdr>(header.e_phoff, header.e_phnum);
    if (header.e_shentsize != sizeof(Elf64_Shdr)) return;
    sections_ = read<Elf64_Shdr>(header.e_shoff, header.e_shnum);
    if (header.e_shstrndx < sections_.size()) {
      const Elf64_Shdr& names = sections_[header.e_shstrndx];
      names_ = read<char>(names.sh_offset, names.sh_size);
    }
  }

  const std::vector<Elf64_Phdr>& segments() const { return segments_; }
  const std::vector<Elf64_Shdr>& sections() const { return sections_; }

  std::string_view nameOf(const Elf64_Shdr& section) const {
    if (section.sh_name >= names_.size()) return {};
    return {&names_[section.sh_name], strnlen(&names_[section.sh_name], names_.size() - section.sh_name)};
  }

  // Empty when the file does not have them all.
  template <typename T>
  std::vector<T> read(uint64_t offset, uint64_t count) const {
    if (offset > size_ || count > (size_ - offset) / sizeof(T)) return {};
    std::vector<T> values(count);
    uint64_t done = 0;
    while (done < count * sizeof(T)) {
      const ssize_t got = pread(descriptor_, reinterpret_cast<char*>(values.data()) + done, count * sizeof(T) - done,
                                static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return {};
      done += static_cast<uint64_t>(got);
    }
    return values;
  }

  // Where the file has what is loaded at an address, and how much follows it there.
  struct Place {
    uint64_t offset;
    uint64_t left;
  };
  std::optional<Place> placeOf(uint64_t address, bool executable) const {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type != PT_LOAD || (executable && (segment.p_flags & PF_X) == 0)) continue;
      if (address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz) continue;
      const uint64_t distance = address - segment.p_vaddr;
      return Place{segment.p_offset + distance, segment.p_filesz - distance};
    }
    return std::nullopt;
  }

 private:
  int descriptor_;
  uint64_t size_ = 0;
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Shdr> sections_;
  std::vector<char> names_;
};

struct FrameTable {
  uint64_t address = 0;
  std::vector<uint8_t> bytes;
};

// The section, or what the segment of its index says where there are no sections.
FrameTable frameTableOf(const ElfFile& file) {
  for (const Elf64_Shdr& section : file.sections()) {
    if (section.sh_type == SHT_NOBITS || file.nameOf(section) != ".eh_frame") continue;
    return {section.sh_addr, file.read<uint8_t>(section.sh_offset, section.sh_size)};
  }
  struct Index {
    uint8_t version, tableEncoding, countEncoding, entryEncoding;
    int32_t distance;  // of the table from this field
  };
  constexpr uint8_t kFromOwnPlaceSigned4 = 0x1b;
  for (const Elf64_Phdr& segment : file.segments()) {
    if (segment.p_type != PT_GNU_EH_FRAME) continue;
    const auto index = file.read<Index>(segment.p_offset, 1);
    if (index.empty() || index[0].version != 1 || index[0].tableEncoding != kFromOwnPlaceSigned4) continue;
    const uint64_t address =
        segment.p_vaddr + offsetof(Index, distance) + static_cast<uint64_t>(int64_t{index[0].distance});
    if (const auto place = file.placeOf(address, false)) {
      return {address, file.read<uint8_t>(place->offset, place->left)};
    }
  }
  return {};
}

template <typename Visit>
void forEachFunctionSymbol(const ElfFile& file, Visit visit) {
  for (const Elf64_Shdr& section : file.sections()) {
    if (section.sh_type != SHT_SYMTAB && section.sh_type != SHT_DYNSYM) continue;
    const uint64_t count = section.sh_size / sizeof(Elf64_Sym);
    for (uint64_t done = 0; done < count; done += kSymbolsAtOnce) {
      const uint64_t wanted = std::min(kSymbolsAtOnce, count - done);
      const auto symbols = file.read<Elf64_Sym>(section.sh_offset + done * sizeof(Elf64_Sym), wanted);
      if (symbols.empty()) break;
      for (const Elf64_Sym& symbol : symbols) {
        const unsigned type = ELF64_ST_TYPE(symbol.st_info);
        if ((type == STT_FUNC || type == STT_GNU_IFUNC) && symbol.st_shndx != SHN_UNDEF) {
          visit(symbol.st_value, symbol.st_size);
        }
      }
    }
  }
}

// What no program executes that is not about to die: instructions for the kernel alone (ports, interrupt flag), and
// returns from it. hlt stands behind a call that does not return, in a C library.
bool isForKernel(const Instruction& instruction) {
  if (instruction.encoding != InstructionEncoding::legacy) return false;
  if (instruction.kind == InstructionKind::farBranch) return true;
  const uint8_t opcode = instruction.opcode;
  if (instruction.map == OpcodeMap::x0f) {
    constexpr uint8_t kUd2 = 0x0b;
    constexpr uint8_t kUd1 = 0xb9;
    constexpr uint8_t kUd0 = 0xff;
    return instruction.kind == InstructionKind::undefined && opcode != kUd2 && opcode != kUd1 && opcode != kUd0;
  }
  if (instruction.map != OpcodeMap::primary) return false;
  const bool port =
      (opcode >= 0x6c && opcode <= 0x6f) || (opcode >= 0xe4 && opcode <= 0xe7) || (opcode >= 0xec && opcode <= 0xef);
  return port || opcode == 0xfa || opcode == 0xfb;
}

const CertainInstruction* instructionAround(std::span<const CertainInstruction> instructions, uint64_t offset) {
  const auto behind = std::ranges::upper_bound(instructions, offset, {}, &CertainInstruction::offset);
  return behind == instructions.begin() ? nullptr : &*std::prev(behind);
}

// Its instructions, when nothing else is in it; else empty.
std::vector<CertainInstruction> decodeFunction(std::span<const uint8_t> code) {
  std::vector<CertainInstruction> instructions;
  for (uint64_t offset = 0; offset < code.size();) {
    const DecodedInstruction decoded = decodeInstruction(code.subspan(offset));
    if (!decoded || isForKernel(decoded.instruction)) return {};
    instructions.push_back({.offset = offset, .instruction = decoded.instruction});
    offset += decoded.instruction.length;
  }
  const bool jumpsFit = std::ranges::all_of(instructions, [&](const CertainInstruction& each) {
    const auto target = branchTarget(each.instruction, each.offset);
    if (!target || *target >= code.size()) return true;
    const uint64_t start = instructionAround(instructions, *target)->offset;
    // A jump over a lock prefix is usual where there may be one thread only.
    return start == *target || (start + 1 == *target && code[start] == kLockPrefix);
  });
  return jumpsFit ? instructions : std::vector<CertainInstruction>();
}

bool endsFlow(const Instruction& instruction) {
  return instruction.kind == InstructionKind::relativeJump || instruction.kind == InstructionKind::indirectJump ||
         instruction.kind == InstructionKind::nearReturn || instruction.kind == InstructionKind::undefined;
}

void markReached(std::vector<CertainInstruction>& instructions) {
  std::vector<size_t> due = {0};
  while (!due.empty()) {
    size_t next = due.back();
    due.pop_back();
    while (next < instructions.size() && !instructions[next].reached) {
      CertainInstruction& each = instructions[next++];
      each.reached = true;
      if (const auto target = branchTarget(each.instruction, each.offset)) {
        const CertainInstruction* there = instructionAround(instructions, *target);
        if (there && *target < there->offset + there->instruction.length) {
          due.push_back(static_cast<size_t>(there - instructions.data()));
        }
      }
      if (endsFlow(each.instruction)) break;
    }
  }
}

// What is known of one of the places that are asked about.
struct Judgement {
  std::optional<CertainInstruction> found;
  bool disputed = false;  // two functions lie over it, which differ

  void add(const CertainInstruction& instruction) {
    if (found && found->offset != instruction.offset) disputed = true;
    found = instruction;
  }
};

}  // namespace

std::vector<std::optional<CertainInstruction>> certainInstructions(int descriptor, std::span<const uint64_t> places) {
  const ElfFile file(descriptor);
  std::vector<Judgement> judgements(places.size());
  const auto judge = [&](uint64_t address, uint64_t length, bool hasHandlers) {
    const auto place = length == 0 || length > kLongestFunction ? std::nullopt : file.placeOf(address, true);
    if (!place || length > place->left) return;
    const auto first = std::ranges::lower_bound(places, place->offset);
    const auto last = std::ranges::lower_bound(places, place->offset + length);
    if (first == last) return;
    std::vector<CertainInstruction> instructions = decodeFunction(file.read<uint8_t>(place->offset, length));
    const bool hasTable = std::ranges::any_of(instructions, [](const CertainInstruction& each) {
      return each.instruction.kind == InstructionKind::indirectJump;
    });
    markReached(instructions);
    if (!hasTable && !hasHandlers) std::erase_if(instructions, [](const auto& each) { return !each.reached; });
    for (auto each = first; each != last; each++) {
      const uint64_t offset = *each - place->offset;
      const CertainInstruction* const around = instructionAround(instructions, offset);
      if (around == nullptr || offset >= around->offset + around->instruction.length) continue;
      judgements[static_cast<size_t>(each - places.begin())].add(
          {place->offset + around->offset, around->instruction, around->reached});
    }
  };
  if (!places.empty()) {
    const FrameTable table = frameTableOf(file);
    forEachFunction(table.bytes, table.address,
                    [&](const FunctionFrame& each) { judge(each.begin, each.length, each.hasHandlers); });
    forEachFunctionSymbol(file, [&](uint64_t address, uint64_t length) { judge(address, length, false); });
  }
  std::vector<std::optional<CertainInstruction>> certain;
  for (const Judgement& judgement : judgements) {
    certain.push_back(judgement.disputed ? std::nullopt : judgement.found);
  }
  return certain;
}

}  // namespace rr
