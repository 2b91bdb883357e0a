// The text of /proc/PID/status and /proc/PID/stat (proc(5)).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rr {

// Where in a text a value stands: from `start` up to, without, `end`.
struct TextRange {
  size_t start, end;
};

// The value of a field of status, `name` with colon and tab; nothing where its line is not whole.
std::optional<TextRange> fieldOf(std::string_view text, std::string_view name);

// The letter of the state in stat; nothing where the text is none of stat's.
std::optional<TextRange> stateOfStat(std::string_view text);

}  // namespace rr
