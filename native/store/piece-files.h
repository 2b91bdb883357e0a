// The files of a store's pieces (engine/trace/piece-folder.ts): one call for what is done with one, since a recording
// meets thousands. The store may be anybody's: no link is followed, no pipe waited for, and only regular files are
// used. What fails answers -1 with errno set.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>

namespace rr {

// A piece by its hash, 64 hexadecimal digits, in a folder of pieces: `xx/yyyy...`.
struct PiecePlace {
  int pieces;
  std::string folder;
  std::string name;
};

// Reads what is there, at most as much as `into` takes; how many bytes, and the file's rights. EMEDIUMTYPE: it is no
// regular file.
ssize_t readPiece(const PiecePlace& place, std::span<uint8_t> into, mode_t& mode);

// Writes the file under its temporary name into `root`, gives it the rights, and then its place, where something may
// be. The folder of the piece is made where it is missing, with the rights of the folder of pieces. Nothing of it need
// be on the disk. When it fails, the temporary file is gone.
int putPiece(int root, const std::string& temporary, const PiecePlace& place, std::span<const uint8_t> bytes,
             mode_t rights);

// With `sync`, brings the piece and its name to the disk. Then takes `mark` from its rights, if it is this user's.
int settlePiece(const PiecePlace& place, mode_t mark, bool sync);

}  // namespace rr
