// The ring's functions for JavaScript. `memory` is a Uint8Array over a shared WebAssembly.Memory, `offset` the bytes
// from its start to the ring; each call checks both. Errors are JavaScript exceptions.
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

#include "napi/register.h"
#include "ring/consumer.h"
#include "ring/layout.h"
#include "ring/ring.h"

namespace rr {

namespace {

struct Region {
  uint8_t* base;
  size_t size;
};

// Arguments 0 and 1 of every call.
Region regionOf(const Napi::CallbackInfo& info) {
  if (info.Length() < 2 || !info[0].IsTypedArray() || !info[1].IsNumber()) {
    throw Napi::TypeError::New(info.Env(), "ring: expected (memory: Uint8Array, offset: number, ...)");
  }
  Napi::Uint8Array memory = info[0].As<Napi::Uint8Array>();
  if (memory.TypedArrayType() != napi_uint8_array) {
    throw Napi::TypeError::New(info.Env(), "ring: memory must be a Uint8Array");
  }
  const int64_t offset = info[1].As<Napi::Number>().Int64Value();
  if (offset < 0 || static_cast<size_t>(offset) > memory.ByteLength()) {
    throw Napi::RangeError::New(info.Env(), "ring: offset " + std::to_string(offset) + " lies outside the memory");
  }
  return {memory.Data() + offset, memory.ByteLength() - static_cast<size_t>(offset)};
}

uint32_t unsignedArgument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (info.Length() <= index || !info[index].IsNumber()) {
    throw Napi::TypeError::New(info.Env(), std::string("ring: ") + name + " must be a number");
  }
  const double value = info[index].As<Napi::Number>().DoubleValue();
  if (!(value >= 0 && value <= UINT32_MAX)) {
    throw Napi::RangeError::New(info.Env(), std::string("ring: ") + name + " must be between 0 and 2^32-1");
  }
  return static_cast<uint32_t>(value);
}

RingView ringOf(const Napi::CallbackInfo& info) {
  const Region region = regionOf(info);
  try {
    return openRing(region.base, region.size);
  } catch (const std::invalid_argument& error) {
    throw Napi::Error::New(info.Env(), error.what());
  }
}

// ringInitialise(memory, offset, slotCount, slotSize)
void initialise(const Napi::CallbackInfo& info) {
  const Region region = regionOf(info);
  const uint32_t slotCount = unsignedArgument(info, 2, "slotCount");
  const uint32_t slotSize = unsignedArgument(info, 3, "slotSize");
  if (const char* fault = checkRing(region.base, region.size, slotCount, slotSize)) {
    throw Napi::RangeError::New(info.Env(), std::string("ring of ") + std::to_string(slotCount) + " slots of " +
                                                std::to_string(slotSize) + " bytes: " + fault);
  }
  initialiseRing(region.base, slotCount, slotSize);
}

// ringTake(memory, offset, timeoutMs): slot index, -1 after the timeout, -2 when closed and drained, or stopped
Napi::Value take(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), takeSlot(ringOf(info), unsignedArgument(info, 2, "timeoutMs")));
}

// ringRelease(memory, offset, slot)
void release(const Napi::CallbackInfo& info) {
  const uint32_t slot = unsignedArgument(info, 2, "slot");
  if (!releaseSlot(ringOf(info), slot)) {
    throw Napi::Error::New(info.Env(), "ring: slot " + std::to_string(slot) + " is not taken");
  }
}

// ringStop(memory, offset)
void stop(const Napi::CallbackInfo& info) { stopRing(ringOf(info)); }

// ringFail(memory, offset)
void fail(const Napi::CallbackInfo& info) { failRing(ringOf(info)); }

// new RingProducer(memory, offset): the writer for JavaScript, for tests and for tools that make traces. It may block
// the calling thread while all slots are full.
class RingProducer : public Napi::ObjectWrap<RingProducer> {
 public:
  explicit RingProducer(const Napi::CallbackInfo& info) : Napi::ObjectWrap<RingProducer>(info) {
    const Region region = regionOf(info);
    memory_ = Napi::Persistent(info[0].As<Napi::Object>());
    try {
      writer_ = std::make_unique<RingWriter>(region.base, region.size);
    } catch (const std::invalid_argument& error) {
      throw Napi::Error::New(info.Env(), error.what());
    }
  }

  // write(record: Uint8Array): true when it is in a slot, false when the consumers have failed or the ring stopped.
  Napi::Value write(const Napi::CallbackInfo& info) {
    if (info.Length() < 1 || !info[0].IsTypedArray()) {
      throw Napi::TypeError::New(info.Env(), "RingProducer.write: expected a Uint8Array");
    }
    Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
    const size_t length = bytes.ByteLength();
    schema::RecordHeader header{};
    if (length >= sizeof header) memcpy(&header, bytes.Data(), sizeof header);
    if (length < sizeof header || length % 8 != 0 || header.size != length || length > writer_->maxRecordBytes()) {
      throw Napi::RangeError::New(info.Env(), "RingProducer.write: not one whole record that fits in a slot");
    }
    uint8_t* into = writer_->reserve(length);
    if (into) {
      memcpy(into, bytes.Data(), length);
      writer_->commit(length);
    }
    return Napi::Boolean::New(info.Env(), into != nullptr);
  }

  void seal(const Napi::CallbackInfo&) { writer_->seal(); }
  void close(const Napi::CallbackInfo&) { writer_->close(); }

 private:
  Napi::ObjectReference memory_;  // keeps the memory alive
  std::unique_ptr<RingWriter> writer_;
};

}  // namespace

void registerRing(Napi::Env env, Napi::Object exports) {
  exports.Set("ringInitialise", Napi::Function::New(env, initialise, "ringInitialise"));
  exports.Set("ringTake", Napi::Function::New(env, take, "ringTake"));
  exports.Set("ringRelease", Napi::Function::New(env, release, "ringRelease"));
  exports.Set("ringStop", Napi::Function::New(env, stop, "ringStop"));
  exports.Set("ringFail", Napi::Function::New(env, fail, "ringFail"));
  exports.Set("RingProducer", RingProducer::DefineClass(env, "RingProducer",
                                                        {RingProducer::InstanceMethod<&RingProducer::write>("write"),
                                                         RingProducer::InstanceMethod<&RingProducer::seal>("seal"),
                                                         RingProducer::InstanceMethod<&RingProducer::close>("close")}));
}

}  // namespace rr
