// The replay's primitives for TypeScript: class ReplayProcesses and some functions. engine/replay/primitives.ts has the
// types and the contracts. Mechanism only; every decision is taken there.
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <vector>

#include "napi/counter-spec.h"
#include "napi/register.h"
#include "patch/instruction.h"
#include "record/calls/sent-bytes.h"
#include "replay/mapping-at.h"
#include "replay/napi-values.h"
#include "replay/own-pages.h"
#include "replay/pass-recorder.h"
#include "replay/point-search-napi.h"
#include "replay/remote-call.h"
#include "replay/replay-tracees.h"
#include "replay/stops.h"
#include "tracee/access-watch.h"
#include "tracee/breakpoint.h"
#include "tracee/time-trap.h"

namespace rr {

namespace {

class ReplayProcessesWrap : public Napi::ObjectWrap<ReplayProcessesWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    using Self = ReplayProcessesWrap;
    return DefineClass(env, "ReplayProcesses",
                       {
                           InstanceAccessor<&Self::first>("first"),
                           InstanceAccessor<&Self::unconfined>("unconfined"),
                           InstanceAccessor<&Self::trapsTime>("trapsTime"),
                           InstanceMethod<&Self::resume>("resume"),
                           InstanceMethod<&Self::wait>("wait"),
                           InstanceMethod<&Self::getRegisters>("getRegisters"),
                           InstanceMethod<&Self::call>("call"),
                           InstanceMethod<&Self::clone>("clone"),
                           InstanceMethod<&Self::sendDescriptor>("sendDescriptor"),
                           InstanceMethod<&Self::installRuntime>("installRuntime"),
                           InstanceAccessor<&Self::runtimeAddresses>("runtimeAddresses"),
                           InstanceMethod<&Self::readMemory>("readMemory"),
                           InstanceMethod<&Self::writeMemory>("writeMemory"),
                           InstanceMethod<&Self::protectionAt>("protectionAt"),
                           InstanceMethod<&Self::sentHash>("sentHash"),
                           InstanceMethod<&Self::checksum>("checksum"),
                           InstanceMethod<&Self::firstUnequal>("firstUnequal"),
                           InstanceMethod<&Self::getXsave>("getXsave"),
                           InstanceMethod<&Self::setXsave>("setXsave"),
                           InstanceMethod<&Self::setDebugRegisters>("setDebugRegisters"),
                           InstanceMethod<&Self::armCode>("armCode"),
                           InstanceMethod<&Self::armAccess>("armAccess"),
                           InstanceMethod<&Self::disarmAccess>("disarmAccess"),
                           InstanceMethod<&Self::recordPasses>("recordPasses"),
                           InstanceMethod<&Self::stubRanges>("stubRanges"),
                           InstanceMethod<&Self::openCounter>("openCounter"),
                           InstanceMethod<&Self::ticks>("ticks"),
                           InstanceMethod<&Self::runNearTicks>("runNearTicks"),
                           InstanceMethod<&Self::signalInfo>("signalInfo"),
                           InstanceMethod<&Self::processorTime>("processorTime"),
                           InstanceMethod<&Self::processorTimes>("processorTimes"),
                           InstanceMethod<&Self::interrupt>("interrupt"),
                           InstanceMethod<&Self::end>("end"),
                           InstanceMethod<&Self::close>("close"),
                       });
  }

  explicit ReplayProcessesWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ReplayProcessesWrap>(info) {
    if (!info[0].IsString()) throw Napi::TypeError::New(info.Env(), "expected the launcher's path");
    runtime_.emplace(info[0].As<Napi::String>().Utf8Value());
    std::string error;
    first_ = tracees_->processes.spawn(info[0].As<Napi::String>().Utf8Value(), error);
    if (first_ == 0) throw Napi::Error::New(info.Env(), error);
    info.This().As<Napi::Object>().TypeTag(&kTag);
    timeTrap_.begin();
  }

  static std::shared_ptr<ReplayTracees> traceesOf(const Napi::Value& processes) {
    if (!processes.IsObject() || !processes.As<Napi::Object>().CheckTypeTag(&kTag)) {
      throw Napi::TypeError::New(processes.Env(), "expected a ReplayProcesses");
    }
    return Unwrap(processes.As<Napi::Object>())->tracees_;
  }

 private:
  static constexpr napi_type_tag kTag = {0x6fd2a1c09b3e4d57, 0x8c41f7e25a90b36d};

  Napi::Value first(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), first_); }
  Napi::Value unconfined(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), tracees_->processes.unconfined());
  }

  Napi::Value trapsTime(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), timeTrap_.isActive()); }

  Napi::Value resume(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const auto how = static_cast<Resume>(info[1].As<Napi::Number>().Int32Value());
    if (how != Resume::kSysemu && how != Resume::kSysemuStep) {
      throw Napi::RangeError::New(info.Env(), "a replayed process is resumed by PTRACE_SYSEMU and its step alone");
    }
    const int signal = info[2].As<Napi::Number>().Int32Value();
    return tracees_->status(info.Env(), tid,
                            resumeToStop(tid, how, signal, *registersOf(info[3]), *registersOf(info[4])));
  }

  Napi::Value wait(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    return tracees_->status(info.Env(), tid, waitForStop(tid, *registersOf(info[1])));
  }

  void getRegisters(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    if (!rr::getRegisters(tid, *registersOf(info[1]))) {
      throw systemError(info.Env(), onTask("reading the registers", tid), errno);
    }
  }

  Napi::Value call(const Napi::CallbackInfo& info) {
    uint64_t arguments[6] = {};
    for (size_t i = 0; i < 6 && i + 2 < info.Length(); i++) arguments[i] = wordOf(info[i + 2]);
    const pid_t tid = tidOf(info[0]);
    const long number = static_cast<long>(wordOf(info[1]));
    if (!mayCall(number, arguments)) return Napi::Number::New(info.Env(), -EPERM);
    tracees_->processes.beforeCall(tid, number, arguments);
    const long result = remoteCall(tid, number, arguments);
    return Napi::Number::New(info.Env(), static_cast<double>(result));
  }

  Napi::Value clone(const Napi::CallbackInfo& info) {
    const pid_t maker = tidOf(info[0]);
    const uint64_t flags = wordOf(info[1]);
    const uint64_t arguments[6] = {flags};
    if (!mayCall(SYS_clone, arguments)) return Napi::Number::New(info.Env(), -EPERM);
    const pid_t child = remoteClone(maker, flags);
    if (child > 0) tracees_->processes.add(child, maker, (flags & CLONE_VM) != 0);
    return Napi::Number::New(info.Env(), child);
  }

  Napi::Value sendDescriptor(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const TraceeMemory& memory = tracees_->memory(info.Env(), tid);
    const int number = rr::sendDescriptor(tid, memory, tracees_->processes.socket(), tidOf(info[1]));
    return Napi::Number::New(info.Env(), number);
  }

  Napi::Value installRuntime(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    if (!runtime_->loaded()) throw Napi::Error::New(info.Env(), runtime_->error());
    return Napi::Number::New(info.Env(), rr::installRuntime(tid, tracees_->memory(info.Env(), tid), *runtime_));
  }

  Napi::Value runtimeAddresses(const Napi::CallbackInfo& info) {
    const auto number = [&](uint64_t value) { return Napi::Number::New(info.Env(), static_cast<double>(value)); };
    Napi::Object addresses = Napi::Object::New(info.Env());
    addresses.Set("afterTraced", number(runtime_->header().afterTraced));
    addresses.Set("afterStop", number(runtime_->header().afterStop));
    addresses.Set("timeTrap", number(runtime_->header().timeTrap));
    addresses.Set("afterTimeStop", number(runtime_->header().afterTimeStop));
    addresses.Set("end", number(runtime_->header().end));
    return addresses;
  }

  Napi::Value readMemory(const Napi::CallbackInfo& info) {
    const Bytes into = bytesOf(info, 2);
    const ssize_t count = tracees_->memory(info.Env(), tidOf(info[0])).read(wordOf(info[1]), into.data, into.length);
    return Napi::Number::New(info.Env(), static_cast<double>(count < 0 ? 0 : count));
  }

  Napi::Value writeMemory(const Napi::CallbackInfo& info) {
    const Bytes from = bytesOf(info, 2);
    const uint64_t address = wordOf(info[1]);
    const ssize_t count =
        tracees_->memory(info.Env(), tidOf(info[0])).write(address, from.data, lengthBeforeOurs(address, from.length));
    return Napi::Number::New(info.Env(), static_cast<double>(count < 0 ? 0 : count));
  }

  Napi::Value protectionAt(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), rr::protectionAt(tidOf(info[0]), wordOf(info[1])));
  }

  Napi::Value sentHash(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const user_regs_struct& registers = *registersOf(info[2]);
    const uint64_t arguments[6] = {registers.rdi, registers.rsi, registers.rdx,
                                   registers.r10, registers.r8,  registers.r9};
    const SentBytes sent = sentBytes(tid, tracees_->memory(info.Env(), tid), info[1].As<Napi::Number>().Int32Value(),
                                     arguments, static_cast<int64_t>(registers.rax), {});
    Napi::Array result = Napi::Array::New(info.Env(), 2);
    result.Set(0U, Napi::Number::New(info.Env(), sent.hash));
    result.Set(1U, Napi::Number::New(info.Env(), static_cast<double>(sent.length)));
    return result;
  }

  Napi::Value checksum(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const uint64_t sum = memoryChecksum(tid, tracees_->memory(info.Env(), tid), wordOf(info[1]), wordOf(info[2]),
                                        info[3].As<Napi::Boolean>().Value());
    return Napi::BigInt::New(info.Env(), sum);
  }

  Napi::Value getXsave(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    std::vector<uint8_t> area;
    if (!rr::getXsave(tid, area)) {
      throw systemError(info.Env(), onTask("reading the extended registers", tid), errno);
    }
    return Napi::Buffer<uint8_t>::Copy(info.Env(), area.data(), area.size());
  }

  void setXsave(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const Bytes from = bytesOf(info, 1);
    const auto area = tracees_->xsave.adapt({from.data, from.length});
    if (!area) errno = EINVAL;
    if (!area || !rr::setXsave(tid, area->data(), area->size())) {
      throw systemError(info.Env(), onTask("setting the extended registers", tid), errno);
    }
  }

  void setDebugRegisters(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const Bytes from = bytesOf(info, 1);
    uint64_t registers[8];
    if (from.length != sizeof registers) throw Napi::TypeError::New(info.Env(), "expected eight debug registers");
    memcpy(registers, from.data, sizeof registers);
    if (!setTracerRegisters(tid, registers)) {
      throw systemError(info.Env(), onTask("setting the debug registers", tid), errno);
    }
  }

  // armCode(pid, addresses: number[])
  Napi::Value armCode(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const auto addresses = info[1].As<Napi::Array>();
    if (addresses.Length() > kTracerRegisters) throw Napi::RangeError::New(info.Env(), "too many addresses");
    if (addresses.Length() > 0 && !debugRegistersStop()) return Napi::Boolean::New(info.Env(), false);
    uint64_t registers[8] = {};
    for (uint32_t i = 0; i < addresses.Length(); i++) {
      registers[i] = wordOf(addresses[i]);
      registers[7] |= uint64_t{1} << 2 * i;
    }
    return Napi::Boolean::New(info.Env(), setTracerRegisters(tid, registers));
  }

  // armAccess(pid, ranges: number[]): address and length of each
  Napi::Value armAccess(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const auto words = info[1].As<Napi::Array>();
    std::vector<AccessWatch::Range> ranges;
    for (uint32_t i = 0; i + 1 < words.Length(); i += 2) ranges.push_back({wordOf(words[i]), wordOf(words[i + 1])});
    return Napi::Boolean::New(info.Env(), accessWatch_.arm(tid, ranges));
  }

  Napi::Value disarmAccess(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(accessWatch_.disarm(tidOf(info[0]))));
  }

  // firstUnequal(pid, entries: Uint8Array, from)
  Napi::Value firstUnequal(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const auto bytes = info[1].As<Napi::Uint8Array>();
    std::vector<ChecksumEntry>& entries = entries_;
    entries.resize(bytes.ByteLength() / sizeof(ChecksumEntry));
    memcpy(entries.data(), bytes.Data(), entries.size() * sizeof(ChecksumEntry));
    const size_t found =
        firstUnequalChecksum(tid, tracees_->memory(info.Env(), tid), entries, wordOf(info[2]), kReadAnyway);
    return Napi::Number::New(info.Env(), found < entries.size() ? static_cast<double>(found) : -1);
  }

  // Those of one site.
  static Conditions conditionsOf(const Napi::Value& all, size_t site) {
    Conditions conditions;
    if (!all.IsArray()) return conditions;
    const Napi::Value own = all.As<Napi::Array>()[static_cast<uint32_t>(site)];
    if (!own.IsArray()) return conditions;
    const auto list = own.As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); i++) {
      const Napi::Value each = list[i];
      if (!each.IsTypedArray()) throw Napi::TypeError::New(all.Env(), "conditions: expected bytes");
      const auto bytes = each.As<Napi::Uint8Array>();
      conditions.emplace_back(bytes.Data(), bytes.Data() + bytes.ElementLength());
    }
    return conditions;
  }

  // recordPasses(pid, isRunning, registers, sites: Float64Array, results: Float64Array, found, conditions: bytes[][])
  Napi::Value recordPasses(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const bool isRunning = info[1].As<Napi::Boolean>().Value();
    const auto sites = info[3].As<Napi::Float64Array>();
    auto results = info[4].As<Napi::Float64Array>();
    constexpr size_t kSiteFields = 6, kResultFields = 4;
    const size_t count = sites.ElementLength() / kSiteFields;
    if (results.ElementLength() != count * kResultFields + 1) {
      throw Napi::RangeError::New(info.Env(), "results: expected four numbers a site, and one");
    }
    if (!isRunning) {
      std::vector<PassSite> all;
      for (size_t i = 0; i < count; i++) {
        const auto field = [&](size_t number) { return static_cast<uint64_t>(sites[kSiteFields * i + number]); };
        all.push_back({.address = field(0),
                       .filter = static_cast<PassFilter>(field(1)),
                       .value = field(2),
                       .trapAt = field(3),
                       .isNeeded = field(4) != 0,
                       .conditions = conditionsOf(info[6], i),
                       .limit = static_cast<uint32_t>(field(5))});
      }
      recorder_.emplace(tid, tracees_->memory(info.Env(), tid), tracees_->processes.stubs(tid), all);
    }
    if (!recorder_ || recorder_->tid() != tid) throw Napi::Error::New(info.Env(), "no passes are recorded there");
    const int result = recorder_->run(isRunning, *registersOf(info[2]), *registersOf(info[5]));
    const std::vector<PassCounts>& counts = recorder_->counts();
    for (size_t i = 0; i < std::min(count, counts.size()); i++) {
      results[kResultFields * i] = counts[i].isCounted ? 1 : 0;
      results[kResultFields * i + 1] = static_cast<double>(counts[i].passes);
      results[kResultFields * i + 2] = static_cast<double>(counts[i].lastMatch);
      results[kResultFields * i + 3] = static_cast<double>(counts[i].order);
    }
    results[kResultFields * count] = recorder_->standsAt();
    return tracees_->status(info.Env(), tid, result);
  }

  // stubRanges(pid): start and end of each, in turn.
  Napi::Value stubRanges(const Napi::CallbackInfo& info) {
    const std::vector<AddressRange> ranges = tracees_->processes.stubs(tidOf(info[0])).ranges();
    Napi::Float64Array result = Napi::Float64Array::New(info.Env(), 2 * ranges.size());
    for (size_t i = 0; i < ranges.size(); i++) {
      result[2 * i] = static_cast<double>(ranges[i].start);
      result[2 * i + 1] = static_cast<double>(ranges[i].end);
    }
    return result;
  }

  // openCounter(pid, spec): what went wrong, or nothing.
  Napi::Value openCounter(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    TickCounter counter;
    std::string error;
    if (counter.open(tid, counterSpec(info[1].As<Napi::Object>()), error)) {
      tracees_->counters.insert_or_assign(tid, std::move(counter));
    }
    return Napi::String::New(info.Env(), error);
  }

  // ticks(pid): -1 when no counter is open for it, -2 when it has failed.
  Napi::Value ticks(const Napi::CallbackInfo& info) {
    const auto found = tracees_->counters.find(tidOf(info[0]));
    if (found == tracees_->counters.end()) return Napi::Number::New(info.Env(), -1);
    const std::optional<uint64_t> count = found->second.read();
    return Napi::Number::New(info.Env(), count ? static_cast<double>(*count) : -2);
  }

  // runNearTicks(pid, running, registers, value, skid, found)
  Napi::Value runNearTicks(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const bool running = info[1].As<Napi::Boolean>().Value();
    return tracees_->status(info.Env(), tid,
                            rr::runNearTicks(tid, tracees_->counter(info.Env(), tid), wordOf(info[3]), wordOf(info[4]),
                                             running, *registersOf(info[2]), *registersOf(info[5])));
  }

  Napi::Value signalInfo(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    siginfo_t signal{};
    if (ptrace(PTRACE_GETSIGINFO, tid, 0, &signal) != 0) {
      throw systemError(info.Env(), onTask("reading the signal", tid), errno);
    }
    return Napi::Buffer<uint8_t>::Copy(info.Env(), reinterpret_cast<uint8_t*>(&signal), sizeof signal);
  }

  Napi::Value processorTime(const Napi::CallbackInfo& info) {
    const pid_t tid = tidOf(info[0]);
    const uint64_t used = rr::processorTime(tid);
    if (used == 0) throw systemError(info.Env(), onTask("reading the processor time", tid), errno);
    return Napi::Number::New(info.Env(), static_cast<double>(used) / 1e9);
  }

  // processorTimes(pid, into: Float64Array, at)
  void processorTimes(const Napi::CallbackInfo& info) {
    auto into = info[1].As<Napi::Float64Array>();
    const uint64_t at = wordOf(info[2]);
    if (into.ElementLength() < 2 || at > into.ElementLength() - 2) throw Napi::RangeError::New(info.Env(), "no room");
    timespec own{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    into.Data()[at] = static_cast<double>(rr::processorTime(tidOf(info[0]))) / 1e3;
    into.Data()[at + 1] = static_cast<double>(own.tv_sec) * 1e6 + static_cast<double>(own.tv_nsec) / 1e3;
  }

  Napi::Value interrupt(const Napi::CallbackInfo& info) {
    const long result = ptrace(PTRACE_INTERRUPT, tidOf(info[0]), 0, 0);
    return Napi::Number::New(info.Env(), result == 0 ? 0 : -errno);
  }

  void end(const Napi::CallbackInfo& info) {
    tracees_->counters.erase(tidOf(info[0]));
    tracees_->processes.end(tidOf(info[0]));
  }

  void close(const Napi::CallbackInfo& info) {
    tracees_->processes.close();
    timeTrap_.end();
  }

  // Searches live on their own.
  std::shared_ptr<ReplayTracees> tracees_ = std::make_shared<ReplayTracees>();
  TimeTrap timeTrap_;
  std::optional<RuntimeImage> runtime_;
  pid_t first_ = 0;
  std::vector<ChecksumEntry> entries_;
  AccessWatch accessWatch_;
  std::optional<PassRecorder> recorder_;  // of the passes that are counted
};

Napi::Value createMemoryFile(const Napi::CallbackInfo& info) {
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  const int descriptor = memfd_create(name.c_str(), MFD_CLOEXEC);
  if (descriptor < 0) throw systemError(info.Env(), "making a file in memory (memfd_create) for " + name, errno);
  return Napi::Number::New(info.Env(), descriptor);
}

Napi::Value nextData(const Napi::CallbackInfo& info) {
  const int descriptor = info[0].As<Napi::Number>().Int32Value();
  const int64_t offset = info[1].As<Napi::Number>().Int64Value();
  const off_t found = lseek(descriptor, offset, SEEK_DATA);
  if (found < 0) return Napi::Number::New(info.Env(), errno == ENXIO ? -1 : static_cast<double>(offset));
  return Napi::Number::New(info.Env(), static_cast<double>(found));
}

// instructionAt(bytes, offset): its length, with its InstructionKind in the second byte; 0 where there is none.
Napi::Value instructionAt(const Napi::CallbackInfo& info) {
  const auto bytes = info[0].As<Napi::Uint8Array>();
  const auto offset = static_cast<size_t>(info[1].As<Napi::Number>().Int64Value());
  if (offset >= bytes.ByteLength()) return Napi::Number::New(info.Env(), 0);
  const DecodedInstruction decoded = decodeInstruction({bytes.Data() + offset, bytes.ByteLength() - offset});
  const int kind = static_cast<int>(decoded.instruction.kind);
  return Napi::Number::New(info.Env(), decoded ? decoded.instruction.length | kind << 8 : 0);
}

Napi::Value threadId(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), gettid()); }

void breakWait(const Napi::CallbackInfo& info) {
  syscall(SYS_tgkill, getpid(), static_cast<pid_t>(info[0].As<Napi::Number>().Int32Value()), BreakTimer::signal());
}

void bindToProcessor(const Napi::CallbackInfo& info) {
  const int number = info[0].As<Napi::Number>().Int32Value();
  cpu_set_t set;
  CPU_ZERO(&set);
  if (number < 0 || number >= CPU_SETSIZE) {
    throw systemError(info.Env(), "binding to processor " + std::to_string(number), EINVAL);
  }
  CPU_SET(number, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    throw systemError(info.Env(), "binding to processor " + std::to_string(number), errno);
  }
}

}  // namespace

std::shared_ptr<ReplayTracees> traceesOf(const Napi::Value& processes) {
  return ReplayProcessesWrap::traceesOf(processes);
}

void registerReplay(Napi::Env env, Napi::Object exports) {
  exports.Set("ReplayProcesses", ReplayProcessesWrap::define(env));
  exports.Set("PointSearch", definePointSearch(env));
  exports.Set("createMemoryFile", Napi::Function::New(env, createMemoryFile, "createMemoryFile"));
  exports.Set("nextData", Napi::Function::New(env, nextData, "nextData"));
  exports.Set("instructionAt", Napi::Function::New(env, instructionAt, "instructionAt"));
  exports.Set("threadId", Napi::Function::New(env, threadId, "threadId"));
  exports.Set("breakWait", Napi::Function::New(env, breakWait, "breakWait"));
  exports.Set("bindToProcessor", Napi::Function::New(env, bindToProcessor, "bindToProcessor"));
}

}  // namespace rr
