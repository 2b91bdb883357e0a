// The recorder as the engine sees it: an object with terminate() and join(), and one callback for all messages.
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "napi/counter-spec.h"
#include "napi/register.h"
#include "record/recorder.h"
#include "tracee/abi.h"

namespace rr {

namespace {

std::string text(const Napi::Object& object, const char* name) {
  return object.Get(name).As<Napi::String>().Utf8Value();
}

// Arguments and environment are Buffers: they need not be UTF-8.
std::vector<HiddenFeatures> hiddenFeatures(const Napi::Array& rows) {
  std::vector<HiddenFeatures> found;
  for (uint32_t i = 0; i < rows.Length(); i++) {
    const auto row = rows.Get(i).As<Napi::Object>();
    const auto bits = [&](const char* name) { return row.Get(name).ToNumber().Uint32Value(); };
    found.push_back({bits("leaf"), bits("subleaf"), {bits("eax"), bits("ebx"), bits("ecx"), bits("edx")}});
  }
  return found;
}

std::vector<std::string> texts(const Napi::Object& object, const char* name) {
  std::vector<std::string> result;
  const auto array = object.Get(name).As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    const auto bytes = array.Get(i).As<Napi::Buffer<char>>();
    result.emplace_back(bytes.Data(), bytes.Length());
  }
  return result;
}

uint64_t bits(const Napi::Object& object, const char* name) {
  bool lossless = false;
  return object.Get(name).As<Napi::BigInt>().Uint64Value(&lossless);
}

int number(const Napi::Object& object, const char* name) { return object.Get(name).As<Napi::Number>().Int32Value(); }

RecorderOptions::Checksum checksumMode(const std::string& when) {
  using Checksum = RecorderOptions::Checksum;
  if (when == "syscalls") return Checksum::syscalls;
  if (when == "allEvents") return Checksum::allEvents;
  if (when == "every") return Checksum::every;
  if (when == "from") return Checksum::from;
  return Checksum::never;
}

struct Message {
  enum class Kind { firstSlotFull, note, warning, fatal, ended } kind;
  std::string text;
  RecordingEnd end;
};

const char* kindName(Message::Kind kind) {
  switch (kind) {
    case Message::Kind::firstSlotFull:
      return "firstSlotFull";
    case Message::Kind::note:
      return "note";
    case Message::Kind::warning:
      return "warning";
    case Message::Kind::fatal:
      return "fatal";
    case Message::Kind::ended:
      return "ended";
  }
  return "";
}

void callEngine(Napi::Env env, Napi::Function callback, std::nullptr_t*, Message* raw) {
  const std::unique_ptr<Message> message(raw);
  if (env == nullptr) return;
  Napi::Object object = Napi::Object::New(env);
  object.Set("kind", kindName(message->kind));
  object.Set("text", message->text);
  if (message->kind == Message::Kind::ended) {
    const RecordingEnd& end = message->end;
    object.Set("started", end.started);
    object.Set("launchStep", end.launchStep);
    object.Set("launchError", end.launchError);
    object.Set("status", end.status);
    object.Set("incomplete", end.incomplete);
    object.Set("events", static_cast<double>(end.events));
    object.Set("rawBytes", static_cast<double>(end.bytes));
    object.Set("ringWaits", static_cast<double>(end.ringWaits));
    object.Set("ringWaitNanoseconds", static_cast<double>(end.ringWaitNanoseconds));
  }
  callback.Call({object});
}

using EngineCallback = Napi::TypedThreadSafeFunction<std::nullptr_t, Message, callEngine>;

// startRecorder(options, memory, ringOffset, callback) -> RecorderHandle
class RecorderHandle : public Napi::ObjectWrap<RecorderHandle> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Recorder",
        {InstanceMethod("terminate", &RecorderHandle::terminate), InstanceMethod("join", &RecorderHandle::join)});
  }

  explicit RecorderHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RecorderHandle>(info) {
    const auto object = info[0].As<Napi::Object>();
    auto memory = info[1].As<Napi::Uint8Array>();
    const auto offset = static_cast<size_t>(info[2].As<Napi::Number>().Int64Value());
    if (offset > memory.ByteLength())
      throw Napi::RangeError::New(info.Env(), "Recorder: ring offset behind the memory");
    memory_ = Napi::Persistent(memory.As<Napi::Object>());
    callback_ = EngineCallback::New(info.Env(), info[3].As<Napi::Function>(), "rr recorder", 0, 1);

    RecorderOptions options;
    options.launcher = text(object, "launcher");
    const auto program = object.Get("program").As<Napi::Buffer<char>>();
    options.program.assign(program.Data(), program.Length());
    options.arguments = texts(object, "arguments");
    options.environment = texts(object, "environment");
    options.storeDirectory = text(object, "storeDirectory");
    options.registration = text(object, "registration");
    options.skip = texts(object, "skip");
    options.ignoredSignals = bits(object, "ignoredSignals");
    options.blockedSignals = bits(object, "blockedSignals");
    options.softFileLimit = bits(object, "softFileLimit");
    options.hardFileLimit = bits(object, "hardFileLimit");
    options.umask = static_cast<unsigned>(number(object, "umask"));
    options.closedDescriptors = static_cast<unsigned>(number(object, "closedDescriptors"));
    const auto descriptors = object.Get("inheritedDescriptors").As<Napi::Array>();
    for (uint32_t i = 0; i < descriptors.Length(); i++) {
      options.inheritedDescriptors.push_back(descriptors.Get(i).As<Napi::Number>().Int32Value());
    }
    options.hiddenFeatures = hiddenFeatures(object.Get("hiddenFeatures").As<Napi::Array>());
    options.cpu = number(object, "cpu");
    options.numCores = number(object, "numCores");
    options.waitForAll = object.Get("waitForAll").ToBoolean();
    options.weakStops = object.Get("weakStops").ToBoolean();
    options.patchAfter = object.Get("patchAfter").ToNumber().Uint32Value();
    options.replaceTime = object.Get("replaceTime").ToBoolean();
    options.randomizeAddresses = object.Get("randomizeAddresses").ToBoolean();
    options.cpuidFaulting = object.Get("cpuidFaulting").ToBoolean();
    options.syscallBuffer = object.Get("syscallBuffer").ToBoolean();
    options.scheduling.alwaysSwitch = object.Get("alwaysSwitch").ToBoolean();
    options.scheduling.slice = static_cast<uint64_t>(object.Get("slice").As<Napi::Number>().Int64Value());
    if (const Napi::Value seed = object.Get("chaosSeed"); seed.IsNumber()) {
      options.scheduling.chaosSeed = static_cast<uint64_t>(seed.As<Napi::Number>().Int64Value());
    }
    options.continueThroughSignal = number(object, "continueThroughSignal");
    options.ignoreSignal = number(object, "ignoreSignal");
    options.checksum = checksumMode(text(object, "checksum"));
    options.checksumNumber = static_cast<uint64_t>(object.Get("checksumNumber").As<Napi::Number>().Int64Value());
    options.forceStopMinimum = static_cast<uint64_t>(object.Get("forceStopMinimum").As<Napi::Number>().Int64Value());
    options.forceStopMaximum = static_cast<uint64_t>(object.Get("forceStopMaximum").As<Napi::Number>().Int64Value());
    if (const Napi::Value counter = object.Get("counter"); counter.IsObject()) {
      options.counter = counterSpec(counter.As<Napi::Object>());
    }
    options.sliceTicks = static_cast<uint64_t>(object.Get("sliceTicks").As<Napi::Number>().Int64Value());
    options.markStdio = object.Get("markStdio").ToBoolean();
    options.debugLog = object.Get("debugLog").ToBoolean();

    auto send = [this](Message::Kind kind, const std::string& messageText, const RecordingEnd& end) {
      callback_.BlockingCall(new Message{kind, messageText, end});
    };
    Recorder::Callbacks callbacks;
    callbacks.firstSlotFull = [send] { send(Message::Kind::firstSlotFull, {}, {}); };
    callbacks.note = [send](const std::string& words) { send(Message::Kind::note, words, {}); };
    callbacks.warning = [send](const std::string& words) { send(Message::Kind::warning, words, {}); };
    callbacks.fatal = [send](const std::string& words) { send(Message::Kind::fatal, words, {}); };
    callbacks.ended = [this, send](const RecordingEnd& end) {
      send(Message::Kind::ended, {}, end);
      callback_.Release();
    };
    recorder_ = std::make_unique<Recorder>(std::move(options), memory.Data() + offset, memory.ByteLength() - offset,
                                           std::move(callbacks));
    recorder_->start();
  }

 private:
  void terminate(const Napi::CallbackInfo&) { recorder_->terminate(); }
  // Call after the `ended` message: it waits for the scheduler thread.
  void join(const Napi::CallbackInfo&) { recorder_->join(); }

  Napi::ObjectReference memory_;
  EngineCallback callback_;
  std::unique_ptr<Recorder> recorder_;
};

}  // namespace

namespace {

// dieBySignal(number): ends this process as the signal would by default, without a core file of Node's. Returns only
// for a signal that does not end a process.
void dieBySignal(const Napi::CallbackInfo& info) {
  const int number = info[0].As<Napi::Number>().Int32Value();
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // By the kernel's own calls: the C library refuses its signals, 32 and 33.
  const KernelSignalAction action = {};
  syscall(SYS_rt_sigaction, number, &action, nullptr, sizeof action.mask);
  const uint64_t blocked = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, nullptr, sizeof blocked);
  syscall(SYS_tgkill, getpid(), gettid(), number);
}

}  // namespace

void registerRecorder(Napi::Env env, Napi::Object exports) {
  exports.Set("Recorder", RecorderHandle::define(env));
  exports.Set("dieBySignal", Napi::Function::New(env, dieBySignal));
}

}  // namespace rr
