// Relocates code and checks that it does the same: every form of branch and call is executed in its place and from its
// copies, and every instruction of this process's libraries is copied, decoded again and compared.
// Prints `N runs, N copies`; status 1 with a line that tells what is wrong.
#include <link.h>

#include <random>
#include <string>

#include "patch-machine.h"
#include "patch/relocate.h"

namespace {

std::mt19937_64 generator(11);
uint64_t runs = 0, copies = 0;

using Bytes = std::vector<uint8_t>;

constexpr uint64_t kOriginal = 0x200000000000;  // a page of code; its exits behind it
constexpr uint64_t kNearExit = kOriginal + 0x60;
constexpr uint64_t kFarExit = kOriginal + 0x800;
constexpr uint64_t kOperands = kOriginal + 0xc00;  // memory that instructions work on
constexpr uint64_t kStack = kOriginal + 0x1800;
constexpr uint64_t kNearCopy = kOriginal + 0x40000000;
constexpr uint64_t kFarCopy = kOriginal + 0x4000000000;
constexpr size_t kMemorySize = 0x1000;  // from kOperands on: operands and stack

struct Case {
  std::string name;
  Bytes code;              // falls through to an exit, or goes to kNearExit or kFarExit
  bool needsNear = false;  // has a rip-relative operand
  size_t atLeast = 1;      // bytes to relocate
};

struct Outcome {
  Machine state;
  Bytes memory;
  bool operator==(const Outcome& other) const {
    return memcmp(state.general, other.state.general, sizeof state.general) == 0 && state.exit == other.state.exit &&
           state.flags == other.state.flags && memory == other.memory;
  }
};

void append(Bytes& code, std::initializer_list<unsigned> bytes) {
  for (const unsigned each : bytes) code.push_back(static_cast<uint8_t>(each));
}

void append32(Bytes& code, uint64_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) code.push_back(static_cast<uint8_t>(value >> shift));
}

// The opcode with a distance of 8 bits to kNearExit, or one of 32 bits to `target`, from the end of `code` on.
Bytes toNearExit(Bytes code) {
  code.push_back(static_cast<uint8_t>(kNearExit - (kOriginal + code.size() + 1)));
  return code;
}
Bytes to(uint64_t target, Bytes code, unsigned behind = 0) {
  append32(code, target - (kOriginal + code.size() + 4 + behind));
  return code;
}
Bytes followedBy(Bytes code, std::initializer_list<unsigned> bytes) {
  append(code, bytes);
  return code;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (uint8_t condition = 0; condition < 16; condition++) {
    all.push_back({"jcc rel8", toNearExit({static_cast<uint8_t>(0x70 | condition)})});
    all.push_back({"jcc rel32", to(kFarExit, {0x0f, static_cast<uint8_t>(0x80 | condition)})});
  }
  for (const uint8_t opcode : {0xe0, 0xe1, 0xe2, 0xe3}) {
    all.push_back({"loop", toNearExit({opcode})});
    all.push_back({"loop, 32-bit counter", toNearExit({0x67, opcode})});
  }
  all.push_back({"jmp rel8", toNearExit({0xeb})});
  all.push_back({"jmp rel32", to(kFarExit, {0xe9})});
  all.push_back({"jmp rel32 with a hint", to(kFarExit, {0x3e, 0xe9})});
  all.push_back({"call rel32", to(kFarExit, {0xe8})});
  all.push_back({"call rel32 with data16 rex.W", to(kFarExit, {0x66, 0x48, 0xe8})});
  // kOperands holds the address of kFarExit, r8 too, r9 points to it.
  all.push_back({"call [rip]", to(kOperands, {0xff, 0x15}), true});
  all.push_back({"call [rip], rex.W data16", to(kOperands, {0x66, 0x48, 0xff, 0x15}), true});
  all.push_back({"call r8", {0x41, 0xff, 0xd0}});
  all.push_back({"notrack call r8", {0x3e, 0x41, 0xff, 0xd0}});
  all.push_back({"call [r9]", {0x41, 0xff, 0x11}});
  all.push_back({"call [r12 + 8 * rdx]", {0x41, 0xff, 0x14, 0xd4}});
  all.push_back({"call [rsp]", {0xff, 0x14, 0x24}});
  all.push_back({"call [rsp + 8]", {0xff, 0x54, 0x24, 0x08}});
  all.push_back({"call [rsp + 120]", {0xff, 0x54, 0x24, 0x78}});
  all.push_back({"call [rsp + 128]", {0xff, 0x94, 0x24, 0x80, 0, 0, 0}});
  all.push_back({"call [rsp - 16]", {0xff, 0x54, 0x24, 0xf0}});
  all.push_back({"jmp [rip]", to(kOperands, {0xff, 0x25}), true});
  all.push_back({"jmp r8", {0x41, 0xff, 0xe0}});
  all.push_back({"ret", {0xc3}});
  all.push_back({"ret 16", {0xc2, 16, 0}});
  all.push_back({"push imm32", {0x68, 1, 2, 3, 0x84}});
  all.push_back({"mov eax, [rip]", to(kOperands + 16, {0x8b, 0x05}), true});
  all.push_back({"lea rax, [rip]", to(kOperands + 16, {0x48, 0x8d, 0x05}), true});
  all.push_back({"add [rip], rbx", to(kOperands + 24, {0x48, 0x01, 0x1d}), true});
  all.push_back({"cmp dword [rip], imm8", followedBy(to(kOperands + 24, {0x83, 0x3d}, 1), {7}), true});
  all.push_back({"mov qword [rip], imm32", followedBy(to(kOperands + 24, {0x48, 0xc7, 0x05}, 4), {1, 2, 3, 4}), true});
  all.push_back({"mov word [rip], imm16", followedBy(to(kOperands + 24, {0x66, 0xc7, 0x05}, 2), {1, 2}), true});
  if (__builtin_cpu_supports("avx")) {
    const Bytes start = {0xc5, 0xe9, 0xef, 0xd2, 0xc5, 0xe9, 0xfe, 0x0d};
    all.push_back({"vpxor xmm2, xmm2, xmm2; vpaddd xmm1, xmm2, [rip]; vmovd eax, xmm1",
                   followedBy(to(kOperands + 32, start), {0xc5, 0xf9, 0x7e, 0xc8}), true, 13});
  }
  all.push_back({"sbb; lahf; xchg", {0x48, 0x19, 0xd8, 0x9f, 0x91}, false, 5});
  // dec eax; and eax, 7; jnz to the and; add eax, ebx: a branch back into the range.
  all.push_back({"loop within", {0xff, 0xc8, 0x83, 0xe0, 7, 0xff, 0xc8, 0x75, 0xf9, 0x01, 0xd8}, false, 11});
  // test eax, 1; jz over the xchg; xchg eax, ecx; cmc: a branch ahead within the range.
  all.push_back({"skip within", {0xa9, 1, 0, 0, 0, 0x74, 1, 0x91, 0xf5}, false, 9});
  // and ecx, 7; loop to itself, and both within.
  all.push_back({"loop to itself", {0x83, 0xe1, 7, 0x74, 2, 0xe2, 0xfe, 0x90}, false, 8});
  // dec ecx; and ecx, 15; jnz to the start, which goes through the jump that stands there.
  all.push_back({"back to the entry", {0xff, 0xc9, 0x83, 0xe1, 15, 0x75, 0xf9}, false, 7});
  all.push_back({"a call at the end", to(kFarExit, {0x90, 0x90, 0xe8}), false, 7});
  return all;
}

Machine randomState() {
  Machine state{};
  for (uint64_t& each : state.general) each = generator();
  constexpr uint64_t counts[] = {0, 1, 2, 0x100000000, 0x100000001};
  state.general[1] = counts[generator() % 5];
  state.general[2] = 3;                // rdx, an index
  state.general[4] = kStack;           // rsp
  state.general[8] = kFarExit;         // r8
  state.general[9] = kOperands;        // r9
  state.general[12] = kOperands - 24;  // r12
  state.flags = (generator() & rr::kStatusFlags) | 2;
  return state;
}

Bytes randomMemory() {
  Bytes memory(kMemorySize);
  for (uint8_t& each : memory) each = static_cast<uint8_t>(generator());
  const uint64_t exit = kFarExit;
  memcpy(memory.data(), &exit, sizeof exit);
  for (const int offset : {-16, 0, 8, 120, 128})
    memcpy(&memory[kStack - kOperands + static_cast<size_t>(offset)], &exit, sizeof exit);
  return memory;
}

Outcome run(uint64_t entry, const Machine& state, const Bytes& memory) {
  memcpy(pointer(kOperands), memory.data(), memory.size());
  machine = state;
  machine.entry = entry;
  enterMachine();
  runs++;
  Outcome outcome{machine, Bytes(pointer(kOperands), pointer(kOperands) + kMemorySize)};
  return outcome;
}

void describeDifference(const Case& each, const Outcome& expected, const Outcome& found) {
  printf("%s: exit %" PRIu64 " and %" PRIu64 ", flags %" PRIx64 " and %" PRIx64 "\n", each.name.c_str(),
         expected.state.exit, found.state.exit, expected.state.flags, found.state.flags);
  for (int i = 0; i < 16; i++)
    if (expected.state.general[i] != found.state.general[i])
      printf("  register %d: %" PRIx64 " and %" PRIx64 "\n", i, expected.state.general[i], found.state.general[i]);
  if (expected.memory != found.memory) printf("  memory differs\n");
}

void runCases() {
  const FixedMemory original(kOriginal, 0x2000), near(kNearCopy, 0x1000), far(kFarCopy, 0x1000);
  for (const Case& each : cases()) {
    for (const uint64_t copy : {kNearCopy, kFarCopy}) {
      memset(pointer(kOriginal), 0xcc, kOperands - kOriginal);
      put(kOriginal, each.code);
      put(kOriginal + each.code.size(), farJump(addressOf(leaveMachine0)));
      put(kNearExit, farJump(addressOf(leaveMachine1)));
      put(kFarExit, farJump(addressOf(leaveMachine1)));
      const std::span<const uint8_t> bytes(pointer(kOriginal), 64);
      const rr::RelocatedCode copied =
          rr::relocate(bytes, kOriginal, each.atLeast, copy, {.allowCalls = true, .entryStays = copy == kNearCopy});
      if (copy == kFarCopy && each.needsNear) {
        if (copied.result.error != rr::RelocationError::outOfReach)
          fail("a rip-relative operand out of reach is refused");
        continue;
      }
      if (copied.result.error != rr::RelocationError::none || copied.result.covered < each.code.size()) {
        printf("%s: %s\n", each.name.c_str(), rr::describe(copied.result.error));
        fail("relocation");
      }
      put(copy, copied.code);
      const auto first = rr::copyOf(copied, kOriginal);
      if (!first || *first != 0) fail("the first instruction's copy is found by its address");
      std::vector<std::pair<Machine, Outcome>> expected;
      const Bytes memory = randomMemory();
      for (int i = 0; i < 40; i++) {
        const Machine state = randomState();
        expected.emplace_back(state, run(kOriginal, state, memory));
      }
      // From here on the original is gone but for the jump to its copy.
      memset(pointer(kOriginal), 0xcc, copied.result.covered);
      if (copied.result.covered >= 5 && copy == kNearCopy) put(kOriginal, to(copy, {0xe9}));
      for (const auto& [state, outcome] : expected) {
        const Outcome found = run(copy, state, memory);
        if (found == outcome) continue;
        describeDifference(each, outcome, found);
        fail("the copy does what the original did");
      }
    }
  }
}

// What stands at `offset` of a copy.
rr::Instruction decodeCopy(const rr::RelocatedCode& copied, size_t offset) {
  const rr::DecodedInstruction decoded = rr::decodeInstruction(std::span(copied.code).subspan(offset));
  if (!decoded) fail("a copy consists of instructions");
  return decoded.instruction;
}

// Where the jump at `offset` of a copy at `to` goes: directly, or through the address behind it.
uint64_t jumpTarget(const rr::RelocatedCode& copied, uint64_t to, size_t offset) {
  const rr::Instruction jump = decodeCopy(copied, offset);
  if (const auto target = rr::branchTarget(jump, to + offset)) return *target;
  uint64_t target = 0;
  if (jump.kind == rr::InstructionKind::indirectJump && rr::ripRelativeTarget(jump, to) == to + jump.length &&
      offset + jump.length + sizeof target <= copied.code.size())
    memcpy(&target, &copied.code[offset + jump.length], sizeof target);
  return target;
}

// The copy of one instruction, other than branches, differs in nothing but a rip-relative displacement.
bool sameInstruction(const rr::Instruction& original, const uint8_t* bytes, uint64_t from,
                     const rr::RelocatedCode& copied, uint64_t to) {
  const rr::Instruction copy = decodeCopy(copied, 0);
  if (copy.length != original.length || rr::ripRelativeTarget(copy, to) != rr::ripRelativeTarget(original, from))
    return false;
  for (size_t i = 0; i < original.length; i++) {
    const bool displacement = original.ripRelative && i >= original.displacementOffset &&
                              i < original.displacementOffset + size_t{original.displacementSize};
    if (!displacement && copied.code[i] != bytes[i]) return false;
  }
  return true;
}

bool sameEffect(const rr::Instruction& original, const uint8_t* bytes, uint64_t from, const rr::RelocatedCode& copied,
                uint64_t to) {
  using Kind = rr::InstructionKind;
  const uint64_t next = from + original.length;
  const auto target = rr::branchTarget(original, from);
  const rr::Instruction first = decodeCopy(copied, 0);
  const auto goesOnAt = [&](size_t offset) { return jumpTarget(copied, to, offset) == next; };
  switch (original.kind) {
    case Kind::relativeJump:
      return jumpTarget(copied, to, 0) == *target && !copied.result.continuesAt;
    case Kind::conditionalJump: {
      if (first.kind != Kind::conditionalJump) return false;
      if ((first.opcode & 15) == (original.opcode & 15))
        return rr::branchTarget(first, to) == target && goesOnAt(first.length);
      const size_t far = first.length;
      const auto over = rr::branchTarget(first, to);
      return (first.opcode & 15) == ((original.opcode & 15) ^ 1) && jumpTarget(copied, to, far) == *target &&
             goesOnAt(*over - to);
    }
    case Kind::loop: {
      const uint64_t taken = *rr::branchTarget(first, to) - to;
      const uint64_t over = jumpTarget(copied, to, first.length) - to;
      return first.opcode == original.opcode && jumpTarget(copied, to, taken) == *target && goesOnAt(over);
    }
    case Kind::relativeCall:
    case Kind::indirectCall: {
      uint64_t pushed = 0;
      memcpy(&pushed, &copied.code[*rr::ripRelativeTarget(first, to) - to], sizeof pushed);
      if (first.opcode != 0xff || first.reg != 6 || pushed != next) return false;
      if (target) return jumpTarget(copied, to, first.length) == *target;
      const rr::Instruction jump = decodeCopy(copied, first.length);
      return jump.kind == Kind::indirectJump &&
             rr::ripRelativeTarget(jump, to + first.length) == rr::ripRelativeTarget(original, from);
    }
    default:
      return sameInstruction(original, bytes, from, copied, to) &&
             (copied.result.continuesAt ? goesOnAt(original.length) : true);
  }
}

bool mayBeRefused(rr::RelocationError error, const rr::Instruction& original, uint64_t from, uint64_t to) {
  using Kind = rr::InstructionKind;
  switch (error) {
    case rr::RelocationError::notMovable:
      return original.kind == Kind::systemCall || original.kind == Kind::otherSystemCall ||
             original.kind == Kind::breakpoint || original.kind == Kind::undefined ||
             original.kind == Kind::beginTransaction || original.kind == Kind::farBranch || original.addressSizePrefix;
    case rr::RelocationError::outOfReach: {
      const auto target = rr::ripRelativeTarget(original, from);
      return target && !(rr::inReach(to, *target) && rr::inReach(to + 2000, *target));
    }
    default:
      return false;
  }
}

// Copies every instruction of the text at [start, end) to somewhere.
void copyText(uint64_t start, uint64_t end) {
  for (uint64_t from = start; from < end;) {
    const std::span<const uint8_t> rest(pointer(from), end - from);
    const rr::DecodedInstruction decoded = rr::decodeInstruction(rest);
    if (!decoded) {
      from++;  // data within the text
      continue;
    }
    const uint64_t distance = generator() % 4 == 0 ? generator() >> 20 : generator() % 0xe0000000;
    const uint64_t to = from + distance - 0x70000000;
    const rr::RelocatedCode copied = rr::relocate(rest, from, 1, to, {.allowCalls = true, .entryStays = true});
    const bool right = copied.result.error == rr::RelocationError::none
                           ? sameEffect(decoded.instruction, pointer(from), from, copied, to)
                           : mayBeRefused(copied.result.error, decoded.instruction, from, to);
    if (!right) {
      printf("%" PRIx64 " to %" PRIx64 ", %s:", from, to, rr::describe(copied.result.error));
      for (size_t i = 0; i < decoded.instruction.length; i++) printf(" %02x", pointer(from)[i]);
      printf(" became");
      for (const uint8_t byte : copied.code) printf(" %02x", byte);
      printf("\n");
      fail("a copy has the effect of the original");
    }
    if (copied.result.error == rr::RelocationError::none) copies++;
    from += decoded.instruction.length;
  }
}

int copyLibrary(dl_phdr_info* info, size_t, void*) {
  if (info->dlpi_name[0] != '/') return 0;  // this program, the vdso
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_X) == 0) continue;
    copyText(info->dlpi_addr + header.p_vaddr, info->dlpi_addr + header.p_vaddr + header.p_memsz);
  }
  return 0;
}

rr::Relocation tryCode(Bytes code, size_t atLeast, rr::RelocationOptions options) {
  return rr::relocate(code, kOriginal, atLeast, kNearCopy, options).result;
}

void checkRefusals() {
  using Error = rr::RelocationError;
  const auto refused = [](Bytes code, size_t atLeast, Error error, bool calls = true) {
    const rr::Relocation result = tryCode(std::move(code), atLeast, {.allowCalls = calls, .entryStays = true});
    if (result.error == error) return;
    printf("%s instead of %s\n", rr::describe(result.error), rr::describe(error));
    fail("a refusal with its reason");
  };
  refused({0x0f, 0x05}, 1, Error::notMovable);                       // syscall
  refused({0xcc}, 1, Error::notMovable);                             // int3
  refused({0xcd, 0x80}, 1, Error::notMovable);                       // int 0x80
  refused({0x0f, 0x0b}, 1, Error::notMovable);                       // ud2
  refused({0xc7, 0xf8, 0, 0, 0, 0}, 1, Error::notMovable);           // xbegin
  refused({0x48, 0xcf}, 1, Error::notMovable);                       // iretq
  refused({0x67, 0x8b, 0x05, 0, 0, 0, 0}, 1, Error::notMovable);     // mov eax, [eip]
  refused({0xe8, 0, 0, 0, 0}, 1, Error::call, false);                // call
  refused({0xff, 0xd0}, 1, Error::call, false);                      // call rax
  refused({0xff, 0xd4}, 1, Error::callOperand);                      // call rsp
  refused({0xff, 0x54, 0x24, 0xf8}, 1, Error::callOperand);          // call [rsp - 8]
  refused({0xff, 0x14, 0x04}, 1, Error::callOperand);                // call [rsp + rax]
  refused({0xe8, 0, 0, 0, 0, 0x90}, 6, Error::callBeforeEnd);        // call; nop
  refused({0xc3, 0x90, 0x90, 0x90, 0x90}, 5, Error::endsEarly);      // ret; nops
  refused({0x90, 0xeb, 0x10, 0x90, 0x90}, 5, Error::endsEarly);      // nop; jmp; nops
  refused({0x90, 0x90, 0x90}, 5, Error::undecodable);                // too few bytes
  refused({0x06, 0, 0, 0, 0}, 5, Error::undecodable);                // no instruction
  refused({0x74, 1, 0x83, 0xe0, 7}, 5, Error::jumpIntoInstruction);  // jz into the and behind it
}

// A branch back to the first instruction goes to the jump that stands there, or to the copy.
void checkEntry() {
  const Bytes code = {0xff, 0xc9, 0x83, 0xe1, 15, 0x75, 0xf9};
  for (const bool stays : {true, false}) {
    const rr::RelocatedCode copied =
        rr::relocate(code, kOriginal, code.size(), kNearCopy, {.allowCalls = false, .entryStays = stays});
    const rr::Instruction jump = decodeCopy(copied, 5);
    if (rr::branchTarget(jump, kNearCopy + 5) != (stays ? kOriginal : kNearCopy)) fail("branches to the entry");
  }
}

}  // namespace

int main() {
  checkRefusals();
  checkEntry();
  runCases();
  dl_iterate_phdr(copyLibrary, nullptr);
  printf("%" PRIu64 " runs, %" PRIu64 " copies\n", runs, copies);
  return 0;
}
