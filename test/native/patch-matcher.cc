// Patches instructions of random loops with matcher stubs, in this process, and compares with what single-stepping
// through the unpatched loop showed: where the stub traps, with which registers and flags, how often the site was
// passed, what the loop leaves behind, and at every instruction of the stub what the program's state is. Prints `N
// sites, N traps, N stops`, the lengths of the sites, and what a pass costs (not judged). Status 1 with a line that
// tells what is wrong.
#include <cpuid.h>
#include <time.h>

#include <array>
#include <optional>
#include <string>

#include "patch-loops.h"
#include "patch/flag-use.h"
#include "patch/jump.h"
#include "patch/matcher-stub.h"

namespace {

constexpr uint64_t kLowData = 0x20000000;  // below 2 GB
constexpr uint64_t kStubRoom = 2048;       // bytes
constexpr uint64_t kDataRoom = rr::kExtendedArea + rr::kExtendedAreaSize;

uint64_t sites = 0, traps = 0, stops = 0, unreachable = 0;
std::array<uint64_t, 16> lengths{};

uint64_t withoutFlags = 0;  // sites whose stub changes the flags
uint64_t copiedLoops = 0, edges = 0, tooManyMaybes = 0;

// But for status flags that the program does not need there, where the stub may change them.
bool sameButFlags(user_regs_struct left, const user_regs_struct& right, const rr::MatcherStub& stub,
                  const rr::SiteCode& code) {
  const auto at = rr::indexOf(code.graph, right.rip);
  if (stub.changesFlags && at) {
    const uint64_t needed = code.needed[*at];
    left.eflags = (left.eflags & ~(rr::kStatusFlags & ~needed)) | (right.eflags & rr::kStatusFlags & ~needed);
  }
  return sameRegisters(left, right);
}

rr::MatcherData& dataOf(const rr::MatcherStub& stub) { return *reinterpret_cast<rr::MatcherData*>(stub.dataAddress); }

uint64_t valueOf(const rr::StateWord& word, const Step& step) {
  uint64_t value = 0;
  if (const auto* in = std::get_if<rr::RegisterWord>(&word)) {
    user_regs_struct registers = step.registers;
    value = rr::registerField(registers, in->which);
  } else if (const auto* memory = std::get_if<rr::MemoryWord>(&word)) {
    memcpy(&value, reinterpret_cast<const uint8_t*>(step.memory) + (memory->address - kMemory), sizeof value);
  } else if (const auto* stack = std::get_if<rr::StackWord>(&word)) {
    memcpy(&value, step.stack + kStackBytes + stack->displacement, sizeof value);
  } else {
    const auto& lane = std::get<rr::VectorWord>(word);
    value = step.vectors[lane.vector][lane.lane];
  }
  return value;
}

rr::StateWord randomWord(LoopMaker& maker) {
  switch (maker.below(5)) {
    case 0:
      return rr::MemoryWord{kMemory + maker.below(8 * kMemoryWords - 7)};
    case 1:
      return rr::StackWord{static_cast<int32_t>(maker.below(kStackBytes + 8)) - kStackBytes};
    case 2:
      return rr::VectorWord{static_cast<uint8_t>(maker.below(2)), static_cast<uint8_t>(maker.below(2))};
    default:
      return rr::RegisterWord{static_cast<rr::GeneralRegister>(maker.below(16))};
  }
}

// A loop with one of its instructions patched, until the end of the scope.
class PatchedSite {
 public:
  // False when no free target was there for the jump.
  // `copyBorrowed`: the stub also executes what the jump borrows bytes from.
  bool patch(const rr::MatcherRequest& wanted, uint8_t length, bool lowData, bool copyBorrowed) {
    const auto free = rr::gapsBetween(ownMappings());
    const std::span<const uint8_t> code(pointer(wanted.site), 32);
    const rr::JumpPlan plan = rr::planJump(wanted.site, length, code, free, kStubRoom, wanted.site);
    if (plan.error != rr::JumpError::none) return false;
    memory_.emplace(plan.jump.target, kStubRoom);
    const auto dataPage =
        lowData ? kLowData : rr::findRoomNear(rr::gapsBetween(ownMappings()), plan.jump.target, kDataRoom);
    if (!dataPage) fail("room for the data near the stub");
    data_.emplace(*dataPage, kDataRoom);

    rr::MatcherRequest request = wanted;
    request.codeAddress = plan.jump.target;
    request.codeCapacity = kStubRoom;
    request.dataAddress = *dataPage;
    request.siteCode = code;
    if (copyBorrowed) request.copyBytes = static_cast<uint8_t>(plan.jump.length + plan.jump.borrowed);
    request.relocation.allowCalls = true;
    stub = rr::buildMatcherStub(request);
    if (stub.error != rr::MatcherError::none) {
      printf("%s, %s\n", rr::describe(stub.error), rr::describe(stub.relocation.error));
      fail("building the stub");
    }
    put(stub.codeAddress, stub.code);
    dataOf(stub) = stub.initialData;
    site_ = wanted.site;
    original_.assign(code.begin(), code.end());
    memcpy(pointer(site_), plan.jump.bytes.data(), plan.jump.length);
    for (size_t i = plan.jump.length; i < original_.size(); i++)
      if (pointer(site_)[i] != original_[i]) fail("bytes behind the jump stay");
    return true;
  }
  ~PatchedSite() {
    if (!original_.empty()) put(site_, original_);
  }

  rr::MatcherStub stub;

 private:
  std::optional<FixedMemory> memory_, data_;
  uint64_t site_ = 0;
  Bytes original_;
};

// Collects the traps of a stub and sends each on as a tracer does, which takes flags that nobody needs to be those of
// the state that it searches for.
class TrapCollector final : public TrapHandler {
 public:
  TrapCollector(const rr::MatcherStub& stub, uint64_t targetFlags) : stub_(stub), targetFlags_(targetFlags) {}
  std::vector<user_regs_struct> states;
  uint64_t tired = 0;

  void trapped(ucontext_t& context, int signal) override {
    user_regs_struct registers = registersOf(context);
    const bool isTired = stub_.tired != 0 && registers.rip == stub_.tired + 1;
    if (signal != SIGTRAP || (!isTired && registers.rip != stub_.trap + 1)) fail("a trap that is not the stub's");
    const rr::StubPlace place = rr::restoreProgramState(stub_, dataOf(stub_), registers);
    if (place != (stub_.edge ? rr::StubPlace::behind : rr::StubPlace::atSite)) fail("the trap is at the site");
    dataOf(stub_).counter += static_cast<uint64_t>(static_cast<int64_t>(stub_.counterStep));
    registers.rip = stub_.site;
    if (stub_.changesFlags) {
      registers.eflags = (registers.eflags & ~rr::kStatusFlags) | (targetFlags_ & rr::kStatusFlags);
    }
    if (isTired && tired++ > 0) fail("one trap that tells of too many maybes");
    if (!isTired) states.push_back(registers);
    context.uc_mcontext.gregs[REG_EFL] = static_cast<greg_t>(registers.eflags);
    context.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(rr::resumeAddress(stub_, registers.eflags));
  }

 private:
  const rr::MatcherStub& stub_;
  uint64_t targetFlags_;
};

// Single-steps through the patched loop: whatever the stub does, the program's state is always the one before or behind
// an instruction of the unpatched loop. Now and then sends the task back to where the program believes to be.
class StubWalker final : public TrapHandler {
 public:
  StubWalker(const rr::MatcherStub& stub, const rr::SiteCode& code, const std::vector<Step>& steps, const Loop& loop,
             LoopMaker& maker)
      : stub_(stub), code_(code), steps_(steps), loop_(loop), maker_(maker) {}

  void trapped(ucontext_t& context, int signal) override {
    user_regs_struct registers = registersOf(context);
    if (signal != SIGTRAP) fail("a fault while single-stepping");
    if (registers.rip - kCode < loop_.instructions.front()) return;
    rr::MatcherData data = dataOf(stub_);
    const rr::StubPlace place = rr::restoreProgramState(stub_, data, registers);
    if (place == rr::StubPlace::notInCode) fail("a stop between boundaries");
    const bool inStub = place != rr::StubPlace::outside;
    if (!inStub && registers.rip - kCode >= loop_.code.size()) return;  // on the way in or out
    if (registers.rip - kCode > loop_.instructions.back()) {
      if (!inStub) context.uc_mcontext.gregs[REG_EFL] &= ~static_cast<greg_t>(kTrapFlag);
      return;
    }
    if (inStub) stops++;
    if (position_ + 1 < steps_.size() && !sameButFlags(registers, steps_[position_].registers, stub_, code_)) {
      position_++;
      rolledBack_ = false;
    }
    if (!sameButFlags(registers, steps_[position_].registers, stub_, code_)) {
      printf("step %zu, rip %llx, in the stub at %llx\n", position_, registers.rip,
             context.uc_mcontext.gregs[REG_RIP] - static_cast<long long>(stub_.codeAddress));
      fail("the program's state at every instruction of the stub");
    }
    if (!inStub || rolledBack_ || maker_.below(12) != 0) return;
    rolledBack_ = true;
    dataOf(stub_) = data;
    setRegisters(context, registers);
  }

  bool atEnd() const { return position_ + 1 == steps_.size(); }

 private:
  const rr::MatcherStub& stub_;
  const rr::SiteCode& code_;
  const std::vector<Step>& steps_;
  const Loop& loop_;
  LoopMaker& maker_;
  size_t position_ = 0;
  bool rolledBack_ = false;
};

// What is searched for at a site: a request without addresses.
struct Search {
  rr::MatcherRequest request;
  std::vector<rr::WordMatch> words;
  size_t wanted = 0;  // a step
};

void chooseSearch(LoopMaker& maker, const std::vector<Step>& steps, const std::vector<size_t>& passes,
                  const rr::SiteCode& code, Search& search) {
  const size_t wanted = maker.below(passes.size());
  search.wanted = passes[wanted];
  const Step& target = steps[search.wanted];
  search.request.site = target.registers.rip;
  search.request.flagsAreDead = code.flagsAreDeadAt(code.site);
  if (maker.below(3) != 0) search.request.loop = &code;
  const uint64_t kind = maker.below(8);
  if (kind == 0) {
    search.request.discriminator = rr::Countdown{wanted + 1};
    return;
  }
  if (kind == 1) {
    search.request.discriminator = rr::PassCount{};
    return;
  }
  const auto match = [&](const rr::StateWord& word) { return rr::WordMatch{word, valueOf(word, target)}; };
  search.request.discriminator = match(randomWord(maker));
  search.request.countPasses = maker.below(3) == 0;
  search.request.lowerHalfTells = maker.below(2) == 0;
  for (uint64_t i = maker.below(4); i > 0; i--) search.words.push_back(match(randomWord(maker)));
  search.request.words = search.words;
  if (maker.below(2) == 0) search.request.mostMaybes = 1 + maker.below(3);
  if (maker.below(3) == 0) return;
  rr::RegisterState& registers = search.request.registers.emplace();
  user_regs_struct from = target.registers;
  for (unsigned i = 0; i < rr::kGeneralRegisters; i++)
    registers.general[i] = rr::registerField(from, static_cast<rr::GeneralRegister>(i));
  registers.flags = target.registers.eflags;
}

// The steps at which the stub must trap.
std::vector<size_t> expectedTraps(const Search& search, const rr::MatcherStub& stub, const std::vector<Step>& steps,
                                  const std::vector<size_t>& passes) {
  if (std::holds_alternative<rr::PassCount>(search.request.discriminator)) return {};
  if (std::holds_alternative<rr::Countdown>(search.request.discriminator)) return {search.wanted};
  const auto& discriminator = std::get<rr::WordMatch>(search.request.discriminator);
  const user_regs_struct& target = steps[search.wanted].registers;
  std::vector<size_t> expected;
  for (const size_t pass : passes) {
    const Step& step = steps[pass];
    bool equal = valueOf(discriminator.word, step) == discriminator.value;
    for (const rr::WordMatch& each : search.words) equal = equal && valueOf(each.word, step) == each.value;
    if (search.request.registers) {
      user_regs_struct found = step.registers;
      if (stub.changesFlags) found.eflags = target.eflags;
      equal = equal && sameRegisters(found, target);
    }
    if (stub.edge) {
      equal = equal && rr::conditionHolds(stub.edge->condition, step.registers.eflags) == stub.edge->taken;
    }
    if (equal) expected.push_back(pass);
  }
  if (std::ranges::find(expected, search.wanted) == expected.end()) fail("the wanted state is among those seen");
  return expected;
}

void checkCounter(const rr::MatcherStub& stub, size_t passes) {
  const uint64_t expected =
      stub.initialData.counter + passes * static_cast<uint64_t>(static_cast<int64_t>(stub.counterStep));
  if (dataOf(stub).counter != expected) fail("the count of passes");
}

void checkSite(LoopMaker& maker, const Loop& loop, const std::vector<Step>& steps, const Result& expected) {
  const uint64_t offset = loop.instructions[maker.below(loop.instructions.size())];
  const auto decoded = rr::decodeInstruction(std::span(loop.code).subspan(offset));
  if (!decoded) fail("the loop consists of instructions");
  std::vector<size_t> passes;
  for (size_t i = 0; i < steps.size(); i++)
    if (steps[i].registers.rip == kCode + offset) passes.push_back(i);
  if (passes.empty()) return;  // always jumped over

  const rr::SiteCode code = rr::exploreSite(kCode, loop.code, kCode + offset);
  Search search;
  chooseSearch(maker, steps, passes, code, search);
  PatchedSite patched;
  if (!patched.patch(search.request, decoded.instruction.length, maker.below(2) == 0, maker.below(2) == 0)) {
    unreachable++;
    return;
  }
  sites++;
  lengths[decoded.instruction.length]++;
  const rr::MatcherStub& stub = patched.stub;
  withoutFlags += stub.changesFlags;
  copiedLoops += stub.copiesLoop;
  edges += stub.edge.has_value();
  if (stub.changesFlags != (search.request.flagsAreDead || stub.edge)) fail("what need not keep the flags does not");

  const std::vector<size_t> traps = expectedTraps(search, stub, steps, passes);
  TrapCollector collector(stub, steps[search.wanted].registers.eflags);
  if (!(run(loop, &collector, false) == expected)) fail("the patched loop leaves what the original leaves");
  if (collector.states.size() != traps.size()) {
    printf("%zu traps instead of %zu\n", collector.states.size(), traps.size());
    fail("the number of traps");
  }
  for (size_t i = 0; i < traps.size(); i++) {
    user_regs_struct wanted = steps[traps[i]].registers;
    if (stub.changesFlags) {
      const uint64_t flags = steps[search.wanted].registers.eflags;
      wanted.eflags = (wanted.eflags & ~rr::kStatusFlags) | (flags & rr::kStatusFlags);
    }
    if (!sameRegisters(collector.states[i], wanted))
      fail("the trap comes at the wanted pass, with the program's registers and flags");
  }
  ::traps += traps.size();
  tooManyMaybes += collector.tired;
  checkCounter(stub, passes.size());

  dataOf(stub) = stub.initialData;
  StubWalker walker(stub, code, steps, loop, maker);
  if (!(run(loop, &walker, true) == expected)) fail("single-stepping changes nothing");
  if (!walker.atEnd()) fail("single-stepping passes every instruction");
  checkCounter(stub, passes.size());
}

void checkLoops(uint64_t loops) {
  const FixedMemory code(kCode, 0x1000), memory(kMemory, 0x1000);
  for (uint64_t seed = 1; seed <= loops; seed++) {
    LoopMaker maker(seed);
    const Loop loop = maker.make(2 + maker.below(12), seed % 3 == 0);
    put(kCode, loop.code);
    Tracer tracer(loop);
    const Result stepped = run(loop, &tracer, true);
    const Result expected = run(loop, nullptr, false);
    if (!(stepped == expected)) fail("loops do the same each time");
    for (int i = 0; i < 6; i++) checkSite(maker, loop, tracer.steps, expected);
  }
}

// Loops that only count in a vector register: r14 points to the start value, what is added, and where the end goes.
#define RR_VECTOR_LOOP(name, vector, step)                                                                        \
  extern "C" const uint8_t name##Start[], name##Site[], name##End[];                                              \
  asm(".section .rodata\n" #name "Start:\nvmovdqu64 (%r14), %" #vector "\nvmovdqu64 64(%r14), %" #step "\n" #name \
      "Site: vpaddq %" #step ", %" #vector ", %" #vector "\nsub $1, %r15\njnz " #name "Site\nvmovdqu64 %" #vector \
      ", 128(%r14)\n" #name "End:\n.text\n");
RR_VECTOR_LOOP(zmmLowLoop, zmm9, zmm3)
RR_VECTOR_LOOP(zmmHighLoop, zmm28, zmm3)
#define RR_YMM_LOOP(name, vector, step)                                                                         \
  extern "C" const uint8_t name##Start[], name##Site[], name##End[];                                            \
  asm(".section .rodata\n" #name "Start:\nvmovdqu (%r14), %" #vector "\nvmovdqu 64(%r14), %" #step "\n" #name   \
      "Site: vpaddq %" #step ", %" #vector ", %" #vector "\nsub $1, %r15\njnz " #name "Site\nvmovdqu %" #vector \
      ", 128(%r14)\n" #name "End:\n.text\n");
RR_YMM_LOOP(ymmLowLoop, ymm2, ymm3)
RR_YMM_LOOP(ymmHighLoop, ymm12, ymm3)

struct VectorLoop {
  const uint8_t *start, *site, *end;
  uint8_t vector, lanes;
};

// A lane by itself, and where XSAVE has it beside the xmm registers.
std::vector<rr::StateWord> waysTo(uint8_t vector, uint8_t lane) {
  std::vector<rr::StateWord> ways = {rr::VectorWord{vector, lane}};
  // Intel SDM volume 1, 13.5: the upper halves of ymm, those of zmm0 to 15, zmm16 to 31 whole.
  const uint8_t component = vector >= 16 ? 7 : lane >= 4 ? 6 : 2;
  if (component == 2 && lane < 2) return ways;
  unsigned size = 0, offset = 0, ignored = 0;
  if (__get_cpuid_count(0xd, component, &size, &offset, &ignored, &ignored) == 0) return ways;
  const unsigned inComponent = component == 7   ? 64u * (vector - 16u) + 8u * lane
                               : component == 6 ? 32u * vector + 8u * (lane - 4u)
                                                : 16u * vector + 8u * (lane - 2u);
  ways.push_back(rr::ExtendedWord{component, static_cast<uint16_t>(offset + inComponent)});
  return ways;
}

// Traps at the pass at which one lane has the value that it must have there.
void checkVectorLoop(const VectorLoop& each) {
  const FixedMemory code(kCode, 0x1000), memory(kMemory, 0x1000);
  LoopMaker maker(each.vector);
  constexpr uint64_t passes = 50;
  Loop loop;
  loop.code.assign(each.start, each.end);
  const Bytes leave = farJump(addressOf(leaveMachine0));
  loop.code.insert(loop.code.end(), leave.begin(), leave.end());
  loop.memory.resize(0x1000);
  for (uint8_t& byte : loop.memory) byte = static_cast<uint8_t>(maker.below(256));
  loop.start = {};
  loop.start.general[4] = kStackTop;
  loop.start.general[14] = kMemory;
  loop.start.general[15] = passes;
  loop.start.flags = 2;
  loop.start.entry = kCode;
  put(kCode, loop.code);
  const Result expected = run(loop, nullptr, false);
  const uint64_t site = kCode + static_cast<uint64_t>(each.site - each.start);
  const auto decoded = rr::decodeInstruction({each.site, each.end});
  for (uint8_t lane = 0; lane < each.lanes; lane++) {
    uint64_t start = 0, step = 0;
    memcpy(&start, &loop.memory[8u * lane], sizeof start);
    memcpy(&step, &loop.memory[64 + 8u * lane], sizeof step);
    const uint64_t before = maker.below(passes);  // passes before the wanted one
    for (const rr::StateWord& word : waysTo(each.vector, lane)) {
      rr::MatcherRequest request;
      request.site = site;
      request.discriminator = rr::WordMatch{word, start + before * step};
      PatchedSite patched;
      if (!patched.patch(request, decoded.instruction.length, lane % 2 == 0, true))
        fail("a jump to a vector loop's stub");
      TrapCollector collector(patched.stub, 0);
      if (!(run(loop, &collector, false) == expected)) fail("the patched vector loop leaves what the original leaves");
      if (collector.states.size() != 1 || collector.states[0].r15 != passes - before)
        fail("a lane of a vector register as discriminator");
      sites++;
      traps++;
    }
  }
}

void checkVectorLoops() {
  if (__builtin_cpu_supports("avx2")) {
    checkVectorLoop({ymmLowLoopStart, ymmLowLoopSite, ymmLowLoopEnd, 2, 4});
    checkVectorLoop({ymmHighLoopStart, ymmHighLoopSite, ymmHighLoopEnd, 12, 4});
  }
  if (__builtin_cpu_supports("avx512f")) {
    checkVectorLoop({zmmLowLoopStart, zmmLowLoopSite, zmmLowLoopEnd, 9, 8});
    checkVectorLoop({zmmHighLoopStart, zmmHighLoopSite, zmmHighLoopEnd, 28, 8});
  }
}

// A loop of `code`, which runs `passes` times.
Loop simpleLoop(Bytes code, uint64_t passes) {
  Loop loop;
  loop.code = std::move(code);
  loop.instructions = {0};
  const size_t body = loop.code.size();
  for (const uint8_t byte : {0x49, 0x83, 0xef, 1, 0x75}) loop.code.push_back(byte);  // sub r15, 1; jnz
  loop.code.push_back(static_cast<uint8_t>(-static_cast<int>(body + 6)));
  const Bytes leave = farJump(addressOf(leaveMachine0));
  loop.code.insert(loop.code.end(), leave.begin(), leave.end());
  loop.memory.resize(0x1000);
  loop.start = {};
  loop.start.general[3] = 1;
  loop.start.general[4] = kStackTop;
  loop.start.general[14] = kMemory;
  loop.start.general[15] = passes;
  loop.start.flags = 2;
  loop.start.entry = kCode;
  loop.passes = passes;
  return loop;
}

// A word that is not mapped: the fault is at a boundary, and the task goes on at `pass` as if it did not match.
void checkUnmappedWord() {
  class Faults final : public TrapHandler {
   public:
    explicit Faults(const rr::MatcherStub& stub) : stub_(stub) {}
    uint64_t seen = 0;
    void trapped(ucontext_t& context, int signal) override {
      user_regs_struct registers = registersOf(context);
      if (signal != SIGSEGV) fail("a fault, not a trap");
      if (rr::restoreProgramState(stub_, dataOf(stub_), registers) != rr::StubPlace::atSite || registers.rip != kCode)
        fail("a fault of the stub is at the site");
      dataOf(stub_).counter += static_cast<uint64_t>(static_cast<int64_t>(stub_.counterStep));
      registers.rip = stub_.pass;
      setRegisters(context, registers);
      seen++;
    }

   private:
    const rr::MatcherStub& stub_;
  };

  const FixedMemory code(kCode, 0x1000), memory(kMemory, 0x1000);
  const Loop loop = simpleLoop({0x48, 0x01, 0xd8}, 20);  // add rax, rbx
  put(kCode, loop.code);
  const Result expected = run(loop, nullptr, false);
  const rr::WordMatch unmapped = {rr::MemoryWord{0x123456789000}, 0};
  for (const bool asDiscriminator : {true, false}) {
    rr::MatcherRequest request;
    request.site = kCode;
    request.countPasses = true;
    request.discriminator = asDiscriminator ? unmapped : rr::WordMatch{rr::RegisterWord{rr::GeneralRegister::rbx}, 1};
    if (!asDiscriminator) request.words = {&unmapped, 1};
    PatchedSite patched;
    if (!patched.patch(request, 3, true, true)) fail("a jump to the stub");
    Faults faults(patched.stub);
    if (!(run(loop, &faults, false) == expected) || faults.seen != loop.passes)
      fail("faults of the stub change nothing");
    checkCounter(patched.stub, loop.passes);
  }
}

void checkRefusals() {
  const uint8_t nop[] = {0x90}, systemCall[] = {0x0f, 0x05};
  rr::MatcherRequest request;
  request.codeAddress = kCode;
  request.codeCapacity = kStubRoom;
  request.dataAddress = kLowData;
  request.site = kCode + 0x1000;
  request.siteCode = nop;
  const auto expect = [](const rr::MatcherRequest& tried, rr::MatcherError error) {
    if (rr::buildMatcherStub(tried).error == error) return;
    printf("%s instead of %s\n", rr::describe(rr::buildMatcherStub(tried).error), rr::describe(error));
    fail("a refusal with its reason");
  };
  expect(request, rr::MatcherError::none);
  rr::MatcherRequest other = request;
  other.siteCode = systemCall;
  expect(other, rr::MatcherError::relocation);
  other = request;
  other.codeCapacity = 8;
  expect(other, rr::MatcherError::codeTooLarge);
  other = request;
  other.dataAddress = kCode + 0x100000000;
  expect(other, rr::MatcherError::outOfReach);
  other.dataAddress = kLowData + 4;
  expect(other, rr::MatcherError::unalignedData);
  other = request;
  other.discriminator = rr::WordMatch{rr::VectorWord{32, 0}, 0};
  expect(other, rr::MatcherError::badOperand);
  other.discriminator = rr::WordMatch{rr::VectorWord{0, 8}, 0};
  expect(other, rr::MatcherError::badOperand);
}

double seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Nanoseconds that a pass of a site costs more than without the patch, for each kind of discriminator.
void measure(const char* what, const Bytes& body, uint8_t length, bool copyBorrowed) {
  const FixedMemory code(kCode, 0x1000), memory(kMemory, 0x1000);
  constexpr uint64_t passes = 2'000'000;
  const Loop loop = simpleLoop(body, passes);
  put(kCode, loop.code);
  const auto timed = [&] {
    const double start = seconds();
    run(loop, nullptr, false);
    return (seconds() - start) / static_cast<double>(passes) * 1e9;
  };
  timed();
  const double alone = timed();
  printf("%s, ns a pass more than %.2f:", what, alone);
  constexpr uint64_t never = 0x123456789abcdef;
  const std::pair<const char*, decltype(rr::MatcherRequest::discriminator)> kinds[] = {
      {"register", rr::WordMatch{rr::RegisterWord{rr::GeneralRegister::rax}, never}},
      {"small value", rr::WordMatch{rr::RegisterWord{rr::GeneralRegister::rax}, 0x7fffffff}},
      {"rcx", rr::WordMatch{rr::RegisterWord{rr::GeneralRegister::rcx}, never}},
      {"memory", rr::WordMatch{rr::MemoryWord{kMemory}, never}},
      {"stack", rr::WordMatch{rr::StackWord{-8}, never}},
      {"vector", rr::WordMatch{rr::VectorWord{0, 0}, never}},
      {"countdown", rr::Countdown{passes + 1}},
      {"count", rr::PassCount{}},
  };
  for (const auto& [name, discriminator] : kinds) {
    rr::MatcherRequest request;
    request.site = kCode;
    request.discriminator = discriminator;
    PatchedSite patched;
    if (!patched.patch(request, length, false, copyBorrowed)) fail("a jump to the stub");
    printf(" %s %.2f", name, timed() - alone);
    if (!std::holds_alternative<rr::WordMatch>(discriminator)) continue;
    rr::MatcherRequest half = request;
    half.lowerHalfTells = true;
    PatchedSite byHalf;
    put(kCode, loop.code);
    if (!byHalf.patch(half, length, false, copyBorrowed)) fail("a jump to the stub");
    printf(" (half %.2f)", timed() - alone);
    rr::MatcherRequest dead = request;
    dead.flagsAreDead = true;
    PatchedSite other;
    put(kCode, loop.code);
    if (!other.patch(dead, length, false, copyBorrowed)) fail("a jump to the stub");
    printf(" (flags dead %.2f)", timed() - alone);
    const rr::SiteCode around = rr::exploreSite(kCode, loop.code, kCode);
    half.loop = dead.loop = &around;
    PatchedSite copied, copiedDead;
    put(kCode, loop.code);
    if (!copied.patch(half, length, false, copyBorrowed)) fail("a jump to the stub");
    printf(" (loop %.2f", timed() - alone);
    put(kCode, loop.code);
    if (!copiedDead.patch(dead, length, false, copyBorrowed)) fail("a jump to the stub");
    printf(", %.2f)", timed() - alone);
  }
  printf("\n");
}

}  // namespace

int main() {
  TrapHandler::install();
  checkRefusals();
  checkLoops(200);
  checkVectorLoops();
  checkUnmappedWord();
  printf("%" PRIu64 " sites, %" PRIu64 " traps, %" PRIu64 " stops\n", sites, traps, stops);
  printf("%" PRIu64 " stubs that change the flags\n", withoutFlags);
  printf("%" PRIu64 " copied loops, %" PRIu64 " compared behind a branch, %" PRIu64 " tired\n", copiedLoops, edges,
         tooManyMaybes);
  printf("lengths:");
  for (size_t length = 1; length <= 8; length++) printf(" %" PRIu64, lengths[length]);
  printf(", %" PRIu64 " out of reach\n", unreachable);
  const Bytes shortAdd = {0x48, 0x01, 0xd8}, longAdd = {0x48, 0x05, 1, 0, 0, 0};
  measure("6 bytes", longAdd, 6, false);
  measure("3 bytes, borrowed ones copied", shortAdd, 3, true);
  measure("3 bytes", shortAdd, 3, false);
  return 0;
}
