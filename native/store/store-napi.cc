// What Node does not offer of what a store needs; engine/store/file-locks.ts and engine/trace/piece-writer.ts have the
// types.
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <string>

#include "napi/register.h"

namespace rr {

namespace {

Napi::Error failure(Napi::Env env, const char* what) {
  return Napi::Error::New(env, std::string(what) + ": " + strerror(errno));
}

// syncFileSystem(descriptor): all that was written to the file system that the descriptor lies in is on the disk.
void syncFileSystem(const Napi::CallbackInfo& info) {
  if (syncfs(info[0].As<Napi::Number>().Int32Value()) != 0) throw failure(info.Env(), "syncfs");
}

// lockFile(descriptor, exclusive) -> false when another open description has a lock that excludes it. The lock lasts
// until the last copy of the descriptor is closed: it ends with its process.
Napi::Value lockFile(const Napi::CallbackInfo& info) {
  const int descriptor = info[0].As<Napi::Number>().Int32Value();
  const int kind = info[1].ToBoolean() ? LOCK_EX : LOCK_SH;
  int result;
  do {
    result = flock(descriptor, kind | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result != 0 && errno != EWOULDBLOCK) throw failure(info.Env(), "flock");
  return Napi::Boolean::New(info.Env(), result == 0);
}

}  // namespace

void registerStore(Napi::Env env, Napi::Object exports) {
  exports.Set("syncFileSystem", Napi::Function::New(env, syncFileSystem, "syncFileSystem"));
  exports.Set("lockFile", Napi::Function::New(env, lockFile, "lockFile"));
}

}  // namespace rr
