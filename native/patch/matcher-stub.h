// Builds the code that a patched site jumps to: it executes the site's instruction, goes back, and traps only where the
// program's state is the one that is searched for (or when the site has been passed a given number of times).
//
// The program sees nothing of it: no flag, no register, no byte of its memory or stack changes, the red zone included.
// A pass that does not match costs 0.1 to 2 ns (see also MatcherRequest::copyBytes):
//
//   site:        jmp stub                       (jump.h)
//   stub:        mov [data.rcx], rcx
//                lea rcx, [register - V]        or movabs rcx, -V; lea rcx, [rcx + register]: no flags; or
//                                               lea ecx, [register - V], the lower half
//                jrcxz maybe
//   rest:        mov rcx, [data.rcx]
//   pass:        the instruction                (relocate.h)
//                jmp behind the site
//   maybe:       mov [data.rax], rax; lahf; seto al; mov [data.flags], rax
//                each word, each register, flags: compare, jne fail
//                restore flags, rax, rcx
//   trap:        int3                           registers and flags are the program's; rip is trap + 1 in the tracer
//                jmp pass
//   fail:        restore flags, rax; jmp rest
//
// Where the program overwrites the status flags before it reads them (MatcherRequest::flagsAreDead), a pass touches no
// memory of ours, which is some times faster in the tightest loops:
//
//   stub:        cmp dword [word], V            the lower half
//                je maybe
//   pass:        the instruction
//                jmp behind the site
//   maybe:       as above, without the flags, and with the whole word
//
// Where the site lies in a loop without calls (MatcherRequest::loop), the stub holds a copy of the whole loop: the
// program stays in it until it leaves the loop, and a pass costs the comparison alone.
//
//   site:        jmp stub
//   stub:        jmp entry
//                copies of the loop's instructions before the site
//   entry:       cmp dword [word], V; je maybe
//   pass:        the instruction
//                copies of the others; a branch to the loop's instructions leads to their copies, any other out of it
//
// A branch whose condition is made by the instruction before it is not the place to change flags. There the comparison
// lies on the way that the branch took at the point (MatcherStub::edge): a branch changes nothing but rip, so behind it
// the registers still are those before it.
//
// The words come before the registers: where registers say little (an interpreter's loop), that is three times faster.
//
// What the stub does not compare, the tracer must at the trap: the direction flag, segment bases, vector and x87 state,
// memory. A word of memory that is not mapped faults in the stub: see isComparing and restoreProgramState. A task
// continues from the trap, or from any stop at the site, at resumeAddress: at the site it would match again.
#pragma once

#include <sys/user.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "patch/boundary.h"
#include "patch/registers.h"
#include "patch/relocate.h"
#include "patch/site-code.h"

namespace rr {

// The stub's memory, on a page that is not a code page (a write beside code costs hundreds of cycles), readable and
// writable, aligned to 64 bytes, one for each stub. Not shared between tasks: a tracer that switches tasks of an
// address space takes the old one out of the stub first (restoreProgramState).
struct alignas(64) MatcherData {
  uint64_t rcx = 0;
  uint64_t rax = 0;
  uint64_t flags = 0;    // as lahf and seto left them: SF ZF AF PF CF in bits 15 to 8, OF in bit 0
  uint64_t counter = 0;  // Countdown: passes left. PassCount: passes so far
  uint64_t maybes = 0;   // how often more is compared, before the stub traps to tell so
  uint64_t rdx = 0;
  std::array<uint64_t, 2> unused{};
  std::array<uint64_t, 8> vector{};  // scratch for a lane of a vector register
};
static_assert(sizeof(MatcherData) == 128);

// Where an FXSAVE area lies behind the start of a stub's data, when some word is an X87Word; the data's address is then
// a multiple of 16. Bytes.
inline constexpr size_t kX87Area = 512;
inline constexpr size_t kX87AreaSize = 512;

// Where an XSAVE area lies behind the start of a stub's data, when some word is an ExtendedWord; the data's address is
// then a multiple of 64. Bytes; the largest area so far is one with the tiles of AMX, 11,008 bytes.
inline constexpr size_t kExtendedArea = 4096;
inline constexpr size_t kExtendedAreaSize = 12288;

// Eight bytes of the program's state.
struct RegisterWord {
  GeneralRegister which;
};
struct MemoryWord {
  uint64_t address;
  // How a stub may reach an address that no operand holds without a register of its own: a general register, not rax or
  // rcx, that the point has with such a value. Where it has another one, what is read there instead may say maybe, or
  // fault; the rest is compared at the address all the same.
  struct Base {
    GeneralRegister which;
    int32_t displacement;
  };
  std::optional<Base> base = std::nullopt;
};
struct StackWord {
  int32_t displacement;  // from rsp, bytes
};
// Lane 0 and 1: xmm; 2 and 3: the upper half of ymm; 4 to 7: of zmm. The processor must have the register: AVX for
// lanes above 1, AVX-512F for lanes above 3 and registers above 15.
struct VectorWord {
  uint8_t vector;  // 0..31
  uint8_t lane;    // 0..7
};
// Half of an x87 register as FXSAVE has it: register st(0) to st(7), the mantissa or what is above it (sign, exponent,
// zeros). Costs some 50 ns, since the whole state is stored.
struct X87Word {
  uint8_t number;  // 0..7
  bool upper;
};
// Whatever else XSAVE has: a component of the standard format, and where in the area (mask registers, tiles, control
// words). The processor must have the component. Costs some 50 to 250 ns.
struct ExtendedWord {
  uint8_t component;  // below 63
  uint16_t offset;    // bytes, in the area; what lies there is the component's
};
using StateWord = std::variant<RegisterWord, MemoryWord, StackWord, VectorWord, X87Word, ExtendedWord>;

struct WordMatch {
  StateWord word;
  uint64_t value;
};

// All general registers, by number, and the status flags (other bits of `flags` do not count).
struct RegisterState {
  std::array<uint64_t, kGeneralRegisters> general{};
  uint64_t flags = 0;
};

// Traps at the pass at which MatcherData::counter reaches zero: with n, at the n-th from now.
struct Countdown {
  uint64_t passes;
};
// Counts in MatcherData::counter and never traps.
struct PassCount {};

struct MatcherRequest {
  uint64_t codeAddress = 0;
  size_t codeCapacity = 0;   // bytes
  uint64_t dataAddress = 0;  // of a MatcherData: within 2 GB of the code, or below 2 GB
  uint64_t site = 0;
  std::span<const uint8_t> siteCode;  // the program's bytes at the site: the whole instruction
  // How many bytes from the site on the stub executes as copies, at least; siteCode must hold them. 1: the site's
  // instruction alone. Jump::length + Jump::borrowed: also those whose bytes the jump borrows, so that the stub goes
  // back behind the jump. Going back into it costs 10 ns a pass on Intel processors, whose branch predictor takes the
  // borrowed bytes for the jump's end. Not where another patch or a breakpoint stands on those instructions: the copies
  // do not have it. Where they cannot be copied, the site's instruction alone is (MatcherStub::relocation.covered).
  uint8_t copyBytes = 1;
  // What is looked at on every pass.
  std::variant<WordMatch, Countdown, PassCount> discriminator = PassCount{};
  // What must be equal besides, when the discriminator says maybe; in this order. Not for PassCount.
  std::span<const WordMatch> words;
  std::optional<RegisterState> registers;
  // The program overwrites the status flags at the site before it reads them (flag-use.h): the stub may change them,
  // and the flags of `registers` do not count.
  bool flagsAreDead = false;
  // What is known of the code around the site; to copy the loop that it lies in, if it does and the loop can be copied.
  // The program must not change that code as long as the patch stands, and no other patch or breakpoint be in it.
  const SiteCode* loop = nullptr;
  // The lower half of a discriminating word tells most passes from the point: a pass compares no more, which needs one
  // register less than a whole word with a value beyond 32 bits.
  bool lowerHalfTells = false;
  // Also counts the passes, in MatcherData::counter, when the discriminator is a WordMatch (about 1 ns). No edge then.
  bool countPasses = false;
  // When the discriminator has said maybe so often, and the rest not agreed, the stub traps once (MatcherStub::tired):
  // another discriminator would be better. 0: never.
  uint64_t mostMaybes = 0;
  RelocationOptions relocation;
};

enum class MatcherError : uint8_t {
  none,
  relocation,     // the site's instruction cannot be moved: see relocation
  badOperand,     // a vector register or lane that does not exist
  outOfReach,     // the data is more than 2 GB from the code, and not below 2 GB
  codeTooLarge,   // see MatcherStub::code for the size it would have
  unalignedData,  // the data's address is no multiple of 8, or of 16 with an X87Word, or of 64 with an ExtendedWord
};

// A comparison behind the site's branch, on the way that `condition` leads.
struct ComparedEdge {
  uint8_t condition = 0;  // of jcc, 0 to 15
  bool taken = false;     // the way that is compared is that on which it holds
  uint64_t behind = 0;    // in the stub, behind the comparison
};

struct MatcherStub {
  MatcherError error = MatcherError::none;
  Relocation relocation;
  uint64_t codeAddress = 0;
  uint64_t dataAddress = 0;
  uint64_t site = 0;
  std::vector<uint8_t> code;
  MatcherData initialData;
  // Where the int3 is; a task that executed it stands at trap + 1. 0 when the stub never traps.
  uint64_t trap = 0;
  // The same of the trap that tells of too many maybes: the state is not the one that is searched for. 0: none.
  uint64_t tired = 0;
  // The site's instruction in the stub: see resumeAddress.
  uint64_t pass = 0;
  // The status flags are not the program's from the stub's start on: see MatcherRequest::flagsAreDead.
  bool changesFlags = false;
  // It holds a copy of the loop around the site.
  bool copiesLoop = false;
  std::optional<ComparedEdge> edge;
  int8_t counterStep = 0;  // what a pass adds to MatcherData::counter
  // Every instruction boundary in the code, ascending.
  std::vector<CodeBoundary> boundaries;
};

// Builds the stub. `code` and `initialData` are to be written to codeAddress and dataAddress before the site is
// patched.
MatcherStub buildMatcherStub(const MatcherRequest& request);

// Where to resume a task whose registers are the program's, standing at the site, so that it goes on without another
// comparison. `flags`: its rflags.
uint64_t resumeAddress(const MatcherStub& stub, uint64_t flags) noexcept;

enum class StubPlace : uint8_t {
  outside,    // rip is not in the stub: nothing was changed
  atSite,     // before the site's instruction
  behind,     // at another instruction: the site's has been executed, or comes later in a loop
  notInCode,  // rip is in the stub but at no instruction's start: the task was sent there by no code of ours
};

// True when the task has not finished what is compared on a pass: a fault there is no fault of the program's.
bool isComparing(const MatcherStub& stub, uint64_t rip) noexcept;

// Gives a task that stopped at `registers.rip` in the stub the registers that the program has there: afterwards it
// looks as if there were no stub, and may be resumed from them. `data` is the stub's data, as the task left it; where
// the task goes back to the site its pass is taken out of data.counter again, and the caller writes that back. (A task
// to be resumed at `pass` instead keeps its pass counted: add counterStep again.)
StubPlace restoreProgramState(const MatcherStub& stub, MatcherData& data, user_regs_struct& registers) noexcept;

const char* describe(MatcherError error) noexcept;

}  // namespace rr
