#include "patch/site-code.h"

#include "patch/flag-use.h"

namespace rr {

SiteCode exploreSite(uint64_t address, std::vector<uint8_t> bytes, uint64_t site) {
  SiteCode code;
  code.address = address;
  code.bytes = std::move(bytes);
  code.graph = followControl(code.window(), site, kSurroundings);
  code.needed = neededFlags(code.graph);
  code.site = indexOf(code.graph, site).value_or(0);
  return code;
}

}  // namespace rr
