// What Node does not offer of what a store needs, and what it would take long for; engine/store/file-locks.ts,
// engine/trace/folder.ts and engine/trace/piece-folder.ts have the types.
#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <string>

#include "hash/sha256.h"
#include "napi/register.h"
#include "store/piece-files.h"

namespace rr {

namespace {

Napi::Error failure(Napi::Env env, const char* what) {
  return Napi::Error::New(env, std::string(what) + ": " + strerror(errno));
}

// As Node's own: with the name of the error as its code.
Napi::Error systemError(Napi::Env env, const char* what) {
  const char* name = strerrorname_np(errno);
  const std::string code = name == nullptr ? "EIO" : name;
  const Napi::Error error = Napi::Error::New(env, code + ": " + strerror(errno) + ", " + what);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

std::span<uint8_t> bytesOf(const Napi::Value& value) {
  auto bytes = value.As<Napi::Uint8Array>();
  return {bytes.Data(), bytes.ByteLength()};
}

PiecePlace placeOf(const Napi::Value& pieces, const Napi::Value& hash) {
  const std::string name = hash.As<Napi::String>().Utf8Value();
  if (name.size() != 2 * sizeof(Sha256::Digest)) throw Napi::RangeError::New(hash.Env(), "no hash of a piece: " + name);
  return {pieces.As<Napi::Number>().Int32Value(), name.substr(0, 2), name.substr(2)};
}

// hashBytes(bytes, position, length, hashes, index) -> false for nothing but zeros, which get no hash. The SHA-256 goes
// to the place of that index in `hashes`.
Napi::Value hashBytes(const Napi::CallbackInfo& info) {
  const auto number = [&](size_t index) { return static_cast<size_t>(info[index].As<Napi::Number>().Int64Value()); };
  const std::span<uint8_t> all = bytesOf(info[0]);
  const std::span<uint8_t> hashes = bytesOf(info[3]);
  const size_t position = number(1);
  const size_t length = number(2);
  const size_t index = number(4);
  constexpr size_t kHash = sizeof(Sha256::Digest);
  if (position > all.size() || length > all.size() - position || index >= hashes.size() / kHash) {
    throw Napi::RangeError::New(info.Env(), "hashBytes: outside of the memory");
  }
  const std::span<const uint8_t> bytes = all.subspan(position, length);
  const bool isZero = std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
  if (isZero) return Napi::Boolean::New(info.Env(), false);
  Sha256 hash;
  hash.add(bytes);
  const Sha256::Digest digest = hash.finish();
  std::copy(digest.begin(), digest.end(), hashes.begin() + index * kHash);
  return Napi::Boolean::New(info.Env(), true);
}

// readPiece(pieces, hash, into, rights) -> how many bytes, -1 when it is not there; its rights go to rights[0].
Napi::Value readPieceTo(const Napi::CallbackInfo& info) {
  mode_t mode = 0;
  const ssize_t length = readPiece(placeOf(info[0], info[1]), bytesOf(info[2]), mode);
  if (length < 0 && errno != ENOENT) throw systemError(info.Env(), "read a piece");
  info[3].As<Napi::Uint32Array>()[0] = mode;
  return Napi::Number::New(info.Env(), static_cast<double>(length));
}

// putPiece(root, temporary, pieces, hash, bytes, rights)
void putPieceFrom(const Napi::CallbackInfo& info) {
  const int root = info[0].As<Napi::Number>().Int32Value();
  const std::string temporary = info[1].As<Napi::String>().Utf8Value();
  const auto rights = static_cast<mode_t>(info[5].As<Napi::Number>().Uint32Value());
  const int result = putPiece(root, temporary, placeOf(info[2], info[3]), bytesOf(info[4]), rights);
  if (result != 0) throw systemError(info.Env(), "write a piece");
}

// settlePiece(pieces, hash, mark, sync)
void settlePieceOf(const Napi::CallbackInfo& info) {
  const auto mark = static_cast<mode_t>(info[2].As<Napi::Number>().Uint32Value());
  const int result = settlePiece(placeOf(info[0], info[1]), mark, info[3].ToBoolean());
  if (result != 0) throw systemError(info.Env(), "settle a piece");
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

// unlockFile(descriptor): ends the lock now. Closing does not, while another thread or process has a copy.
void unlockFile(const Napi::CallbackInfo& info) {
  if (flock(info[0].As<Napi::Number>().Int32Value(), LOCK_UN) != 0) throw failure(info.Env(), "flock");
}

}  // namespace

void registerStore(Napi::Env env, Napi::Object exports) {
  exports.Set("syncFileSystem", Napi::Function::New(env, syncFileSystem, "syncFileSystem"));
  exports.Set("hashBytes", Napi::Function::New(env, hashBytes, "hashBytes"));
  exports.Set("readPiece", Napi::Function::New(env, readPieceTo, "readPiece"));
  exports.Set("putPiece", Napi::Function::New(env, putPieceFrom, "putPiece"));
  exports.Set("settlePiece", Napi::Function::New(env, settlePieceOf, "settlePiece"));
  exports.Set("unlockFile", Napi::Function::New(env, unlockFile, "unlockFile"));
  exports.Set("lockFile", Napi::Function::New(env, lockFile, "lockFile"));
}

}  // namespace rr
