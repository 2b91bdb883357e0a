// probeMachine() and probeCounter(name, cpu) for TypeScript; engine/machine/native-probes.ts has the types.
#include "counter/counter-probe.h"
#include "machine/features.h"
#include "napi/register.h"

namespace rr {

namespace {

Napi::Value machineFeatures(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array list = Napi::Array::New(env);
  for (const MachineFeature& feature : probeMachine()) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("name", feature.name);
    object.Set("works", feature.works);
    object.Set("detail", feature.detail);
    list.Set(list.Length(), object);
  }
  return list;
}

Napi::Value counterProbe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const CounterProbe probe =
      probeCounter(info[0].As<Napi::String>().Utf8Value(), info[1].As<Napi::Number>().Int32Value());
  Napi::Object processor = Napi::Object::New(env);
  processor.Set("vendor", probe.processor.vendor);
  processor.Set("brand", probe.processor.brand);
  processor.Set("family", probe.processor.family);
  processor.Set("model", probe.processor.model);
  processor.Set("stepping", probe.processor.stepping);
  processor.Set("hypervisor", probe.processor.hypervisor);
  Napi::Object object = Napi::Object::New(env);
  object.Set("processor", processor);
  object.Set("microarchitecture", probe.microarchitecture ? probe.microarchitecture->name : "");
  object.Set("event", probe.microarchitecture ? probe.microarchitecture->eventName : "");
  object.Set("assumed", probe.assumed);
  object.Set("hardwareEvents", probe.hardwareEvents);
  object.Set("hardwareEventsError", probe.hardwareEventsError);
  object.Set("reason", probe.reason);
  object.Set("specLockMap", probe.specLockMap);
  if (probe.counter) {
    Napi::Object counter = Napi::Object::New(env);
    counter.Set("type", probe.counter->type);
    counter.Set("config", static_cast<double>(probe.counter->config));
    counter.Set("address", static_cast<double>(probe.counter->address));
    counter.Set("skid", probe.counter->skid);
    object.Set("counter", counter);
  }
  return object;
}

Napi::Value microarchitectureNames(const Napi::CallbackInfo& info) {
  Napi::Array list = Napi::Array::New(info.Env());
  for (const Microarchitecture& each : allMicroarchitectures()) list.Set(list.Length(), each.name);
  return list;
}

}  // namespace

void registerMachine(Napi::Env env, Napi::Object exports) {
  exports.Set("probeMachine", Napi::Function::New(env, machineFeatures, "probeMachine"));
  exports.Set("probeCounter", Napi::Function::New(env, counterProbe, "probeCounter"));
  exports.Set("microarchitectureNames", Napi::Function::New(env, microarchitectureNames, "microarchitectureNames"));
}

}  // namespace rr
