// Sources. Models: Linux arch/x86/include/asm/intel-family.h and arch/x86/kernel/cpu/amd.c. Events: Intel's event lists
// (github.com/intel/perfmon; BR_INST_RETIRED.CONDITIONAL, later named .COND; on Atom cores .JCC, later .COND; Intel SDM
// volume 3B, "Performance-Monitoring Events"), AMD's Processor Programming Reference for families 17h, 19h and 1Ah
// (PMCx0D1, ExRetCond).
#include "counter/microarchitecture.h"

#include <cpuid.h>
#include <string.h>

#include <array>

namespace rr {

namespace {

constexpr uint64_t kCore = 0x01c4;    // BR_INST_RETIRED.CONDITIONAL
constexpr uint64_t kLater = 0x11c4;   // BR_INST_RETIRED.COND, from Ice Lake on
constexpr uint64_t kAtom = 0x7ec4;    // BR_INST_RETIRED.JCC
constexpr uint64_t kZen = 0x00d1;     // ex_ret_cond
constexpr uint32_t kIntelSkid = 500;  // ticks
constexpr uint32_t kAmdSkid = 4000;   // ticks

enum Index : size_t {
  nehalem,
  westmere,
  sandyBridge,
  ivyBridge,
  haswell,
  broadwell,
  skylake,
  kabyLake,
  cometLake,
  cannonLake,
  iceLake,
  rocketLake,
  tigerLake,
  alderLake,
  sapphireRapids,
  graniteRapids,
  silvermont,
  goldmont,
  tremont,
  gracemont,
  zen,
  zen2,
  zen3,
  zen4,
  zen5,
  kCount
};

constexpr std::array<Microarchitecture, kCount> kTable = {{
    {"nehalem", kCore, "br_inst_retired.conditional", kIntelSkid, false},
    {"westmere", kCore, "br_inst_retired.conditional", kIntelSkid, false},
    {"sandybridge", kCore, "br_inst_retired.conditional", kIntelSkid, false},
    {"ivybridge", kCore, "br_inst_retired.conditional", kIntelSkid, false},
    {"haswell", kCore, "br_inst_retired.conditional", kIntelSkid, false},
    {"broadwell", kCore, "br_inst_retired.conditional", kIntelSkid, false},
    {"skylake", kCore, "br_inst_retired.conditional", kIntelSkid, false},
    {"kabylake", kCore, "br_inst_retired.conditional", kIntelSkid, false},
    {"cometlake", kCore, "br_inst_retired.conditional", kIntelSkid, false},
    {"cannonlake", kCore, "br_inst_retired.conditional", kIntelSkid, false},
    {"icelake", kLater, "br_inst_retired.cond", kIntelSkid, false},
    {"rocketlake", kLater, "br_inst_retired.cond", kIntelSkid, false},
    {"tigerlake", kLater, "br_inst_retired.cond", kIntelSkid, false},
    {"alderlake", kLater, "br_inst_retired.cond", kIntelSkid, false},
    {"sapphirerapids", kLater, "br_inst_retired.cond", kIntelSkid, false},
    {"graniterapids", kLater, "br_inst_retired.cond", kIntelSkid, false},
    {"silvermont", kAtom, "br_inst_retired.jcc", kIntelSkid, false},
    {"goldmont", kAtom, "br_inst_retired.jcc", kIntelSkid, false},
    {"tremont", kAtom, "br_inst_retired.cond", kIntelSkid, false},
    {"gracemont", kAtom, "br_inst_retired.cond", kIntelSkid, false},
    {"zen", kZen, "ex_ret_cond", kAmdSkid, true},
    {"zen2", kZen, "ex_ret_cond", kAmdSkid, true},
    {"zen3", kZen, "ex_ret_cond", kAmdSkid, true},
    {"zen4", kZen, "ex_ret_cond", kAmdSkid, true},
    {"zen5", kZen, "ex_ret_cond", kAmdSkid, true},
}};

struct ModelRange {
  unsigned family, first, last;
  Index index;
};

constexpr ModelRange kIntelModels[] = {
    {6, 0x1a, 0x1a, nehalem},        {6, 0x1e, 0x1f, nehalem},       {6, 0x2e, 0x2e, nehalem},
    {6, 0x25, 0x25, westmere},       {6, 0x2c, 0x2c, westmere},      {6, 0x2f, 0x2f, westmere},
    {6, 0x2a, 0x2a, sandyBridge},    {6, 0x2d, 0x2d, sandyBridge},   {6, 0x3a, 0x3a, ivyBridge},
    {6, 0x3e, 0x3e, ivyBridge},      {6, 0x3c, 0x3c, haswell},       {6, 0x3f, 0x3f, haswell},
    {6, 0x45, 0x46, haswell},        {6, 0x3d, 0x3d, broadwell},     {6, 0x47, 0x47, broadwell},
    {6, 0x4f, 0x4f, broadwell},      {6, 0x56, 0x56, broadwell},     {6, 0x4e, 0x4e, skylake},
    {6, 0x55, 0x55, skylake},        {6, 0x5e, 0x5e, skylake},       {6, 0x8e, 0x8e, kabyLake},
    {6, 0x9e, 0x9e, kabyLake},       {6, 0xa5, 0xa6, cometLake},     {6, 0x66, 0x66, cannonLake},
    {6, 0x6a, 0x6a, iceLake},        {6, 0x6c, 0x6c, iceLake},       {6, 0x7d, 0x7e, iceLake},
    {6, 0x9d, 0x9d, iceLake},        {6, 0xa7, 0xa7, rocketLake},    {6, 0x8c, 0x8d, tigerLake},
    {6, 0x97, 0x97, alderLake},      {6, 0x9a, 0x9a, alderLake},     {6, 0xb7, 0xb7, alderLake},
    {6, 0xba, 0xba, alderLake},      {6, 0xbf, 0xbf, alderLake},     {6, 0x8f, 0x8f, sapphireRapids},
    {6, 0xcf, 0xcf, sapphireRapids}, {6, 0xad, 0xae, graniteRapids}, {6, 0x37, 0x37, silvermont},
    {6, 0x4a, 0x4a, silvermont},     {6, 0x4c, 0x4d, silvermont},    {6, 0x5a, 0x5a, silvermont},
    {6, 0x5c, 0x5c, goldmont},       {6, 0x5f, 0x5f, goldmont},      {6, 0x7a, 0x7a, goldmont},
    {6, 0x86, 0x86, tremont},        {6, 0x96, 0x96, tremont},       {6, 0x9c, 0x9c, tremont},
    {6, 0xbe, 0xbe, gracemont},
};

constexpr ModelRange kAmdModels[] = {
    {0x17, 0x00, 0x2f, zen},  {0x17, 0x50, 0x5f, zen},  {0x17, 0x30, 0x4f, zen2}, {0x17, 0x60, 0x7f, zen2},
    {0x17, 0x90, 0x91, zen2}, {0x17, 0xa0, 0xaf, zen2}, {0x19, 0x00, 0x0f, zen3}, {0x19, 0x20, 0x5f, zen3},
    {0x19, 0x10, 0x1f, zen4}, {0x19, 0x60, 0xaf, zen4}, {0x1a, 0x00, 0x2f, zen5}, {0x1a, 0x40, 0x4f, zen5},
    {0x1a, 0x60, 0x7f, zen5},
};

}  // namespace

void decodeSignature(uint32_t eax, ProcessorId& id) {
  const unsigned family = (eax >> 8) & 0xf;
  const unsigned model = (eax >> 4) & 0xf;
  id.stepping = eax & 0xf;
  id.family = family == 0xf ? family + ((eax >> 20) & 0xff) : family;
  id.model = family == 0x6 || family == 0xf ? model | ((eax >> 12) & 0xf0) : model;
}

ProcessorId readProcessorId() {
  ProcessorId id;
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx)) return id;
  const uint32_t vendor[3] = {ebx, edx, ecx};
  id.vendor.assign(reinterpret_cast<const char*>(vendor), sizeof vendor);
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
    decodeSignature(eax, id);
    id.hypervisor = (ecx >> 31) & 1;
  }
  uint32_t brand[12] = {};
  for (uint32_t leaf = 0; leaf < 3; leaf++) {
    uint32_t* words = brand + 4 * leaf;
    if (!__get_cpuid(0x80000002 + leaf, words, words + 1, words + 2, words + 3)) return id;
  }
  id.brand.assign(reinterpret_cast<const char*>(brand), strnlen(reinterpret_cast<const char*>(brand), sizeof brand));
  while (!id.brand.empty() && id.brand.back() == ' ') id.brand.pop_back();
  return id;
}

const Microarchitecture* findMicroarchitecture(const ProcessorId& id) {
  const auto find = [&](std::span<const ModelRange> ranges) -> const Microarchitecture* {
    for (const ModelRange& range : ranges) {
      if (range.family == id.family && id.model >= range.first && id.model <= range.last) return &kTable[range.index];
    }
    return nullptr;
  };
  if (id.vendor == "GenuineIntel") return find(kIntelModels);
  if (id.vendor == "AuthenticAMD" || id.vendor == "HygonGenuine") return find(kAmdModels);
  return nullptr;
}

const Microarchitecture* findMicroarchitecture(std::string_view name) {
  for (const Microarchitecture& each : kTable) {
    if (name == each.name) return &each;
  }
  return nullptr;
}

std::span<const Microarchitecture> allMicroarchitectures() { return kTable; }

}  // namespace rr
