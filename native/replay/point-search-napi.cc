#include "replay/point-search-napi.h"

#include <string.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "replay/napi-values.h"
#include "replay/point-search.h"
#include "replay/replay-tracees.h"

namespace rr {

namespace {

// Parts of a recorded point, as addData takes them.
constexpr size_t kPointMemory = 0;
constexpr size_t kPointXsave = 1;
constexpr size_t kPointChecksums = 2;
constexpr size_t kPointParts = 3;

enum Flag : uint64_t {
  kOracleOnly = 1,
  kCountAll = 2,
  kCodeStays = 4,
  kChecksumsTell = 8,
  kOrdinalIsSure = 16,
  kSharedCode = 32
};

class PointSearchWrap : public Napi::ObjectWrap<PointSearchWrap> {
 public:
  static Napi::Function define(Napi::Env env) {
    using Self = PointSearchWrap;
    return DefineClass(env, "PointSearch",
                       {
                           InstanceAccessor<&Self::checksums>("checksums"),
                           InstanceAccessor<&Self::counts>("counts"),
                           InstanceMethod<&Self::addData>("addData"),
                           InstanceMethod<&Self::run>("run"),
                       });
  }

  // new PointSearch(processes, pid, { registers, ordinal, flags, ticks })
  explicit PointSearchWrap(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<PointSearchWrap>(info), tracees_(traceesOf(info[0])), tid_(tidOf(info[1])) {
    const auto point = info[2].As<Napi::Object>();
    registers_ = *registersOf(point.Get("registers"));
    ordinal_ = wordOf(point.Get("ordinal"));
    flags_ = wordOf(point.Get("flags"));
    ticks_ = point.Get("ticks").As<Napi::Number>().Int64Value();
  }

 private:
  // addData(part, bytes, offset, length)
  void addData(const Napi::CallbackInfo& info) {
    const Bytes from = bytesOf(info, 1);
    const uint64_t part = wordOf(info[0]);
    if (part >= kPointParts) throw Napi::RangeError::New(info.Env(), "no such part of a point");
    if (search_) throw Napi::Error::New(info.Env(), "the search has begun");
    data_[part].insert(data_[part].end(), from.data, from.data + from.length);
  }

  Napi::Value checksums(const Napi::CallbackInfo& info) {
    const std::vector<uint8_t>& entries = data_[kPointChecksums];
    return Napi::Buffer<uint8_t>::Copy(info.Env(), entries.data(), entries.size());
  }

  Napi::Value counts(const Napi::CallbackInfo& info) {
    Napi::Object counts = Napi::Object::New(info.Env());
    const auto set = [&](const char* name, double value) { counts.Set(name, Napi::Number::New(info.Env(), value)); };
    set("hits", static_cast<double>(counts_.hits));
    set("stubs", static_cast<double>(counts_.matchers));
    set("stubTraps", static_cast<double>(counts_.matchedAt));
    set("sameRegisters", static_cast<double>(counts_.sameRegisters));
    set("differsAt", static_cast<double>(counts_.differsAt));
    set("passes", static_cast<double>(counts_.passes));
    counts.Set("isUncounted", Napi::Boolean::New(info.Env(), counts_.uncounted));
    set("unequalChecksum", unequalChecksum_);
    return counts;
  }

  // run(start, registers, found)
  Napi::Value run(const Napi::CallbackInfo& info) {
    const auto start = static_cast<PointStart>(info[0].As<Napi::Number>().Int32Value());
    // How often it comes there from where it stands now.
    const uint64_t left = ordinal_ - std::min(ordinal_, counts_.passes);
    const bool goesOn = start == PointStart::kRunning ||
                        (start == PointStart::kBehind && search_ && search_->hasLearned() && left == 0);
    if (!goesOn || !search_) begin(info.Env(), left);
    if (tracees_->searching != this) throw Napi::Error::New(info.Env(), "another search has begun");
    const int result = search_->run(start, *registersOf(info[1]), *registersOf(info[2]), counts_);
    if (result == kPointFound) unequalChecksum_ = firstUnequal(info.Env());
    return tracees_->status(info.Env(), tid_, result);
  }

  void begin(Napi::Env env, uint64_t ordinal) {
    PointTarget target;
    target.registers = registers_;
    target.pieces = data_[kPointMemory];
    // What cannot be here is not found either, and is told as that.
    std::vector<uint8_t>& xsave = data_[kPointXsave];
    const auto area = tracees_->xsave.adapt(xsave);
    if (area && area->data() != xsave.data()) xsave.assign(area->begin(), area->end());
    target.xsave = xsave;
    target.ordinal = ordinal;
    target.oracleOnly = (flags_ & kOracleOnly) != 0;
    target.countAll = (flags_ & kCountAll) != 0;
    target.codeStays = (flags_ & kCodeStays) != 0;
    target.ordinalIsSure = (flags_ & kOrdinalIsSure) != 0;
    target.sharedCode = (flags_ & kSharedCode) != 0;
    if ((flags_ & kChecksumsTell) != 0) target.checksums = checksumEntries();
    if (ticks_ >= 0) target.ticks = {&tracees_->counter(env, tid_), static_cast<uint64_t>(ticks_)};
    tracees_->searching = this;
    search_.emplace(tid_, tracees_->memory(env, tid_), tracees_->processes.stubs(tid_), tracees_->pointBuffers, target);
  }

  std::span<const ChecksumEntry> checksumEntries() const {
    const std::vector<uint8_t>& bytes = data_[kPointChecksums];
    return {reinterpret_cast<const ChecksumEntry*>(bytes.data()), bytes.size() / sizeof(ChecksumEntry)};
  }

  // The number of the first of the point's checksums that differs, or is of much memory and was not looked at; -1 when
  // there is none.
  double firstUnequal(Napi::Env env) {
    const std::span<const ChecksumEntry> entries = checksumEntries();
    if (search_->checksumsAgree() || entries.empty()) return -1;
    const size_t found = firstUnequalChecksum(tid_, tracees_->memory(env, tid_), entries, 0, kReadAnyway);
    return found < entries.size() ? static_cast<double>(found) : -1;
  }

  std::shared_ptr<ReplayTracees> tracees_;
  pid_t tid_;
  user_regs_struct registers_;
  uint64_t ordinal_;
  uint64_t flags_;
  int64_t ticks_;
  // PointTarget::pieces and xsave, and the checksum records.
  std::array<std::vector<uint8_t>, kPointParts> data_;
  PointCounts counts_;
  double unequalChecksum_ = -1;
  std::optional<PointSearch> search_;
};

}  // namespace

Napi::Function definePointSearch(Napi::Env env) { return PointSearchWrap::define(env); }

}  // namespace rr
