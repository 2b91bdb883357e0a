#include "napi/register.h"

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  rr::registerRing(env, exports);
  rr::registerRecorder(env, exports);
  rr::registerReplay(env, exports);
  rr::registerMachine(env, exports);
  rr::registerStore(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(rr_engine, initialise)
