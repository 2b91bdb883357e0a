#include "record/calls/status-file.h"

namespace rr {

std::optional<TextRange> fieldOf(std::string_view text, std::string_view name) {
  size_t start = text.find(name);
  while (start != std::string_view::npos && start > 0 && text[start - 1] != '\n') start = text.find(name, start + 1);
  if (start == std::string_view::npos) return std::nullopt;
  start += name.size();
  const size_t end = text.find('\n', start);
  if (end == std::string_view::npos) return std::nullopt;
  return TextRange{start, end};
}

std::optional<TextRange> stateOfStat(std::string_view text) {
  // The name of the program, in parentheses, may hold any characters; behind it there are none but numbers.
  const size_t name = text.rfind(") ");
  if (text.empty() || text[0] < '0' || text[0] > '9' || name == std::string_view::npos) return std::nullopt;
  const size_t start = name + 2;
  if (start + 1 >= text.size() || text[start + 1] != ' ') return std::nullopt;
  return TextRange{start, start + 1};
}

}  // namespace rr
