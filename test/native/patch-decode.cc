// Compares the instruction decoder with objdump over whole programs: patch-decode FILE...
// Prints a line a file, `FILE: N instructions, N refused, N differences`, then feeds the decoder random and cut bytes
// at the end of a mapped page. Status 1 when anything differs. Only data within the text (tables of hand-written
// assembly) may be refused: objdump prints instructions for some bytes that no processor executes.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "patch/instruction.h"

namespace {

struct Line {
  uint64_t address;
  size_t offset;  // of its bytes in Listing::bytes
  uint8_t length;
  bool beforeSymbol;  // objdump ends an instruction where a symbol starts, even within it
  std::string text;   // mnemonic, operands, comment
};

// What objdump says of a stretch of consecutive bytes.
struct Listing {
  std::vector<uint8_t> bytes;
  std::vector<Line> lines;
};

struct Totals {
  uint64_t instructions = 0;
  uint64_t refused = 0;
  uint64_t differences = 0;
};

bool startsWith(std::string_view text, std::string_view with) { return text.substr(0, with.size()) == with; }

// Takes a prefix as objdump prints it, and the spaces behind it, off `text`. False when it starts with none.
bool takePrefix(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  constexpr std::string_view prefixes[] = {"lock", "rep", "repz", "repnz", "data16", "addr32", "fs",
                                           "gs",   "cs",  "ds",   "es",    "ss",     "bnd",    "notrack"};
  const bool known = std::find(std::begin(prefixes), std::end(prefixes), word) != std::end(prefixes);
  if (!known && !startsWith(word, "rex")) return false;
  text.remove_prefix(std::min(text.find_first_not_of(' ', word.size()), text.size()));
  return true;
}

// No instruction: unknown, or prefixes alone, which objdump prints when it cannot place them.
bool isNoInstruction(std::string_view text) {
  if (text.find("(bad)") != text.npos || startsWith(text, ".byte")) return true;
  while (takePrefix(text)) {
  }
  return text.empty();
}

void difference(const Listing& listing, const Line& line, const char* what, const std::string& found, Totals& totals) {
  if (totals.differences++ >= 20) return;
  printf("difference: %s at %" PRIx64 ":", what, line.address);
  for (size_t i = 0; i < 15 && line.offset + i < listing.bytes.size(); i++)
    printf(" %02x", listing.bytes[line.offset + i]);
  printf(": objdump %u %s, decoder %s\n", line.length, line.text.c_str(), found.c_str());
}

// The kind that objdump's mnemonic stands for; plain when it says nothing of control flow.
rr::InstructionKind kindOf(std::string_view text) {
  using Kind = rr::InstructionKind;
  const bool string = text.find("%es:(%rdi)") != text.npos || text.find("%ds:(%rsi)") != text.npos;
  for (std::string_view rest = text; takePrefix(rest); text = rest) {
    if (string && startsWith(text, "rep")) return Kind::repeatedString;
  }
  const std::string_view word = text.substr(0, text.find_first_of(" ,"));  // `jne,pt` has a branch hint
  const bool indirect = text.find(" *") != text.npos;
  if (startsWith(word, "jmp")) return indirect ? Kind::indirectJump : Kind::relativeJump;
  if (startsWith(word, "call")) return indirect ? Kind::indirectCall : Kind::relativeCall;
  if (word == "jrcxz" || word == "jecxz" || startsWith(word, "loop")) return Kind::loop;
  if (startsWith(word, "j")) return Kind::conditionalJump;
  if (word == "ret") return Kind::nearReturn;
  if (word == "syscall") return Kind::systemCall;
  if (word == "int3") return Kind::breakpoint;
  if (startsWith(word, "ud")) return Kind::undefined;
  // What only the kernel may execute faults like one that there is not.
  static const std::set<std::string_view> kPrivileged = {"clts", "invd", "wbinvd", "wrmsr", "rdmsr", "swapgs"};
  if (kPrivileged.contains(word)) return Kind::undefined;
  // Control and debug registers.
  if (text.find("%cr") != text.npos || text.find("%db") != text.npos) return Kind::undefined;
  if (startsWith(word, "pushf")) return Kind::pushFlags;
  if (startsWith(word, "popf")) return Kind::popFlags;
  if (word == "rdtsc") return Kind::readTimestamp;
  if (word == "rdtscp") return Kind::readTimestampAux;
  if (word == "rdpid") return Kind::readProcessorId;
  if (word == "cpuid") return Kind::processorIdentity;
  if (word == "xgetbv") return Kind::readExtendedState;
  if (word == "xbegin") return Kind::beginTransaction;
  return Kind::plain;
}

// Far branches and int are left to the decoder: nothing but data looks like them.
bool sameKind(rr::InstructionKind found, rr::InstructionKind expected) {
  if (found == rr::InstructionKind::farBranch || found == rr::InstructionKind::otherSystemCall) return true;
  if (found == rr::InstructionKind::breakpoint && expected == rr::InstructionKind::plain) return true;  // int1
  return found == expected;
}

void compare(const Listing& listing, Totals& totals) {
  for (size_t i = 0; i < listing.lines.size(); i++) {
    const Line& line = listing.lines[i];
    if (isNoInstruction(line.text)) {
      // What follows is the rest of an instruction that objdump took apart.
      if (i + 1 < listing.lines.size()) i++;
      continue;
    }
    // objdump shows `fwait` and the x87 instruction behind it as one.
    const bool joined = listing.bytes[line.offset] == 0x9b && line.length > 1;
    const size_t length = joined ? line.length - 1u : line.length;
    const size_t offset = line.offset + (joined ? 1 : 0);
    const uint64_t start = line.address + (joined ? 1 : 0);
    const std::span<const uint8_t> rest(listing.bytes.data() + offset, listing.bytes.size() - offset);
    const rr::DecodedInstruction decoded = rr::decodeInstruction(rest);
    const rr::Instruction& instruction = decoded.instruction;
    totals.instructions++;
    if (!decoded) {
      totals.refused++;
      continue;
    }
    if (instruction.length > length && line.beforeSymbol) {
      totals.refused++;
      continue;
    }
    if (instruction.length != length) {
      difference(listing, line, "length", std::to_string(instruction.length), totals);
      continue;
    }
    if (!joined && !sameKind(instruction.kind, kindOf(line.text))) {
      difference(listing, line, "kind", std::to_string(static_cast<int>(instruction.kind)), totals);
    }
    if (const auto target = rr::branchTarget(instruction, start)) {
      const std::string_view words = std::string_view(line.text).substr(0, line.text.find('<'));
      const size_t last = words.find_last_not_of(' ');
      const size_t first = words.find_last_of(' ', last);
      if (strtoull(words.data() + first, nullptr, 16) != *target)
        difference(listing, line, "branch target", std::to_string(*target), totals);
    }
    const bool shown = line.text.find("(%rip)") != std::string::npos;
    const size_t comment = line.text.find("# ");
    const auto address = rr::ripRelativeTarget(instruction, start);
    if (shown != address.has_value() && !instruction.addressSizePrefix) {
      difference(listing, line, "rip-relative", address ? "yes" : "no", totals);
    } else if (shown && comment != std::string::npos &&
               strtoull(line.text.c_str() + comment + 2, nullptr, 16) != *address) {
      difference(listing, line, "rip-relative target", std::to_string(*address), totals);
    }
  }
}

// Reads one line of `objdump -Dw`: "  address:\tbytes\ttext". False for other lines.
bool parse(char* text, Listing& listing, Line& line) {
  char* end = nullptr;
  line.address = strtoull(text, &end, 16);
  if (end == text || end[0] != ':' || end[1] != '\t') return false;
  char* at = end + 2;
  line.offset = listing.bytes.size();
  line.length = 0;
  while (at[0] != '\0' && at[1] != '\0' && at[0] != ' ' && at[0] != '\t') {
    const char digits[3] = {at[0], at[1], 0};
    listing.bytes.push_back(static_cast<uint8_t>(strtoul(digits, nullptr, 16)));
    line.length++;
    at += at[2] == ' ' ? 3 : 2;
  }
  while (*at == ' ' || *at == '\t') at++;
  line.text = at;
  while (!line.text.empty() && (line.text.back() == '\n' || line.text.back() == ' ')) line.text.pop_back();
  return true;
}

Totals compareFile(const char* file) {
  Totals totals;
  const std::string command = std::string("objdump -Dw --section=.text '") + file + "'";
  FILE* output = popen(command.c_str(), "r");
  if (output == nullptr) {
    printf("objdump cannot be run on %s\n", file);
    exit(1);
  }
  auto listing = std::make_unique<Listing>();
  uint64_t next = 0;
  char* text = nullptr;
  size_t room = 0;
  while (getline(&text, &room, output) > 0) {
    Line line{};
    if (!parse(text, *listing, line)) {
      if (strstr(text, ">:") != nullptr && !listing->lines.empty()) listing->lines.back().beforeSymbol = true;
      continue;
    }
    // The bytes in hand go on while addresses do; a cut leaves the 15 bytes behind its last instruction unseen.
    if (line.address != next || listing->lines.size() > 1u << 20) {
      const std::vector<uint8_t> own(listing->bytes.begin() + static_cast<ptrdiff_t>(line.offset),
                                     listing->bytes.end());
      compare(*listing, totals);
      listing = std::make_unique<Listing>();
      listing->bytes = own;
      line.offset = 0;
    }
    next = line.address + line.length;
    listing->lines.push_back(std::move(line));
  }
  compare(*listing, totals);
  free(text);
  if (pclose(output) != 0) totals.differences++;
  return totals;
}

// Random bytes, cut at every length, placed right before an unmapped page: a read behind them is a crash. Whatever is
// decoded must decode the same when it is cut behind its end, and be `truncated` when cut before.
uint64_t hostileBytes(int rounds) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  auto* memory =
      static_cast<uint8_t*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (memory == MAP_FAILED || mprotect(memory + page, page, PROT_NONE) != 0) {
    perror("mmap of the guarded page");
    exit(1);
  }
  constexpr uint8_t starts[] = {0x0f, 0x62, 0xc4, 0xc5, 0x8f, 0x66, 0xf3, 0x48, 0x67, 0xf0, 0xf2, 0x2e};
  std::mt19937 random(20240601);
  uint64_t wrong = 0;
  for (int round = 0; round < rounds; round++) {
    uint8_t bytes[20];
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    const unsigned prefixes = random() % 18;  // more than there may be, at times
    for (unsigned i = 0; i < prefixes && random() % 4 != 0; i++) bytes[i] = starts[random() % sizeof starts];
    const rr::DecodedInstruction whole = rr::decodeInstruction(bytes);
    for (size_t length = 0; length <= sizeof bytes; length++) {
      uint8_t* at = memory + page - length;
      memcpy(at, bytes, length);
      const rr::DecodedInstruction cut = rr::decodeInstruction({at, length});
      if (cut && (cut.instruction.length == 0 || cut.instruction.length > length)) wrong++;
      if (!whole) continue;
      const bool fits = length >= whole.instruction.length;
      if (fits ? cut.instruction.length != whole.instruction.length || !cut : cut.error != rr::DecodeError::truncated)
        wrong++;
    }
  }
  munmap(memory, 2 * page);
  return wrong;
}

}  // namespace

int main(int count, char** words) {
  uint64_t differences = 0;
  for (int i = 1; i < count; i++) {
    const Totals totals = compareFile(words[i]);
    printf("%s: %" PRIu64 " instructions, %" PRIu64 " refused, %" PRIu64 " differences\n", words[i],
           totals.instructions, totals.refused, totals.differences);
    differences += totals.differences;
  }
  const uint64_t wrong = hostileBytes(200'000);
  printf("%" PRIu64 " wrong answers on hostile bytes\n", wrong);
  return differences == 0 && wrong == 0 ? 0 : 1;
}
