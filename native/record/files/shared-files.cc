#include "record/files/shared-files.h"

#include <algorithm>
#include <bit>

namespace rr {

namespace {

bool belongsTo(const SharedFiles::View& view, const std::shared_ptr<AddressSpace>& space) {
  return !view.space.owner_before(space) && !space.owner_before(view.space);
}

bool overlaps(const SharedFiles::View& view, uint64_t address, uint64_t length) {
  return view.address < address + length && address < view.address + view.length;
}

// The part of a view that lies in [from, to); of length zero when none does.
SharedFiles::View partOf(const SharedFiles::View& view, uint64_t from, uint64_t to) {
  SharedFiles::View part = view;
  part.address = std::max(view.address, from);
  const uint64_t end = std::min(view.address + view.length, to);
  part.length = end > part.address ? end - part.address : 0;
  part.offset = view.offset + (part.address - view.address);
  return part;
}

}  // namespace

void SharedFiles::add(uint64_t device, uint64_t inode, View view) {
  gone(view.space.lock(), view.address, view.length);
  std::vector<View>& views = files_[{device, inode}].views;
  // As often as the list doubles: a program may map one file many thousand times.
  if (std::has_single_bit(views.size())) {
    std::erase_if(views, [](const View& other) { return other.space.expired(); });
  }
  views.push_back(std::move(view));
}

void SharedFiles::inherited(const std::shared_ptr<AddressSpace>& parent, const std::shared_ptr<AddressSpace>& child) {
  for (auto& [identity, file] : files_) {
    std::vector<View>& views = file.views;
    std::erase_if(views, [](const View& view) { return view.space.expired(); });
    const size_t count = views.size();
    for (size_t i = 0; i < count; i++) {
      if (!belongsTo(views[i], parent)) continue;
      View copy = views[i];
      copy.space = child;
      views.push_back(std::move(copy));
    }
  }
}

void SharedFiles::gone(const std::shared_ptr<AddressSpace>& space, uint64_t address, uint64_t length) {
  for (auto& [identity, file] : files_) {
    std::vector<View>& views = file.views;
    const size_t count = views.size();
    bool emptied = false;
    for (size_t i = 0; i < count; i++) {
      if (!overlaps(views[i], address, length) || !belongsTo(views[i], space)) continue;
      const View behind = partOf(views[i], address + length, ~0ULL);
      views[i] = partOf(views[i], 0, address);
      emptied = emptied || views[i].length == 0;
      if (behind.length > 0) views.push_back(behind);
    }
    if (emptied) std::erase_if(views, [](const View& view) { return view.length == 0; });
  }
}

void SharedFiles::moved(const std::shared_ptr<AddressSpace>& space, uint64_t from, uint64_t oldLength, uint64_t to,
                        uint64_t newLength) {
  // One page says which mapping a second view is of.
  const uint64_t looked = std::max<uint64_t>(oldLength, 1);
  std::vector<std::pair<std::vector<View>*, View>> arrived;
  for (auto& [identity, file] : files_) {
    std::vector<View>& views = file.views;
    for (const View& view : views) {
      if (!belongsTo(view, space)) continue;
      View part = partOf(view, from, from + looked);
      if (part.length == 0) continue;
      const bool toTheEnd = part.address + part.length == from + looked;
      part.address = to + (part.address - from);
      if (part.address >= to + newLength) continue;
      const uint64_t room = to + newLength - part.address;
      part.length = toTheEnd ? room : std::min(part.length, room);
      arrived.emplace_back(&views, part);
    }
  }
  if (oldLength > 0) gone(space, from, oldLength);
  gone(space, to, newLength);
  for (auto& [views, view] : arrived) views->push_back(std::move(view));
}

void SharedFiles::setChanged(uint64_t device, uint64_t inode, bool changed) {
  if (const auto found = files_.find({device, inode}); found != files_.end()) found->second.changed = changed;
}

uint64_t SharedFiles::smallest(uint64_t device, uint64_t inode, uint64_t size) {
  File& file = files_[{device, inode}];
  const uint64_t least = std::min(file.smallest, size);
  file.smallest = least;
  if (size > least) file.smallest = size;
  return least;
}

}  // namespace rr
