// The recorder's side of the content store: puts mapped files into it. engine/trace/store.ts reads it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "hash/sha256.h"

namespace rr {

using ContentHash = Sha256::Digest;

// A blob is `STORE/xx/yyyy...`, the SHA-256 of its content in hexadecimal; `STORE/by-id/DEV-INO-SIZE-MTIME-CTIME` holds
// the hash of the file that had that identity. Any number of recordings may put into one store at once: files are
// written under a temporary name and renamed. Any thread, one at a time.
class FileStore {
 public:
  explicit FileStore(std::string directory);

  // Makes sure that the content of the open regular file is in the store. Nothing, with `error()` set, when it could
  // not be read or written.
  std::optional<ContentHash> put(int descriptor, const struct stat& identity, bool fresh = false);
  // The same for bytes in memory.
  std::optional<ContentHash> putBytes(const void* bytes, size_t length);
  const std::string& error() const { return error_; }

 private:
  using Identity = std::tuple<uint64_t, uint64_t, int64_t, int64_t, int64_t>;

  bool makeDirectory(const std::string& path);
  bool writeBlob(const std::string& path, const void* bytes, size_t length);
  std::string temporaryName() const;
  bool finishBlob(int descriptor, const std::string& temporary, const std::string& path, bool good);
  std::string pathFor(const ContentHash& hash);
  std::optional<ContentHash> putFile(int descriptor, uint64_t size);
  bool copyPieces(int descriptor, uint64_t size, int copy, const std::string& name, Sha256& digest);
  bool fail(const char* what, const std::string& path);

  std::string directory_;
  std::string error_;
  std::map<Identity, ContentHash> known_;
};

}  // namespace rr
