#include "napi/register.h"

namespace {

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  if (rr::registerRing) rr::registerRing(env, exports);
  if (rr::registerRecorder) rr::registerRecorder(env, exports);
  if (rr::registerReplay) rr::registerReplay(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(rr_engine, initialise)
