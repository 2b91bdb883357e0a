#include "record/out-parameters.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "generated/syscalls.h"
#include "record/call-result.h"
#include "record/families/ioctl.h"
#include "record/families/message.h"

namespace rr {

namespace {

// MAX_RW_COUNT of the kernel (include/linux/fs.h): no call transfers more at once.
constexpr uint64_t kMostBytes = 0x7ffff000;

bool isWrittenOn(WrittenOn when, int64_t result) {
  // A copy to the program may have gone half way.
  if (result == -EFAULT) return true;
  switch (when) {
    case WrittenOn::success:
      return !isFailure(result);
    case WrittenOn::failure:
      return isFailure(result);
    case WrittenOn::interrupted:
      return !isFailure(result) || result == -EINTR || isRestart(result);
    case WrittenOn::always:
      return true;
  }
  return true;
}

// base + ceil(count / divisor) * element, and no more than the kernel ever writes.
uint64_t lengthOf(const OutParameter& parameter, uint64_t count) {
  if (parameter.divisor > 1) count = count / parameter.divisor + (count % parameter.divisor != 0);
  if (parameter.element == 0) return parameter.base;
  if (count > kMostBytes / parameter.element) return kMostBytes;
  return std::min(parameter.base + count * parameter.element, kMostBytes);
}

// The entry of a command in the sorted list of a call's commands.
const CommandModel* findCommand(const SyscallModel& model, uint32_t value) {
  const CommandModel* first = kCommands + model.firstCommand;
  const CommandModel* last = first + model.commandCount;
  const CommandModel* found = std::lower_bound(
      first, last, value, [](const CommandModel& each, uint32_t wanted) { return each.value < wanted; });
  return found != last && found->value == value ? found : nullptr;
}

}  // namespace

void OutParameters::enter(long number, const uint64_t (&arguments)[6], const TraceeMemory& memory) {
  const SyscallModel& model = syscallModel(number);
  number_ = number;
  std::copy(std::begin(arguments), std::end(arguments), arguments_);
  modelled_ = model.modelled;
  unlistedCommand_ = false;
  entered_.clear();
  buffers_.clear();
  regions_.clear();
  uint32_t first = model.firstOut;
  uint32_t count = model.outCount;
  if (model.commandArgument != kNoArgument) {
    const uint32_t value = static_cast<uint32_t>(arguments[model.commandArgument]) & model.commandMask;
    if (const CommandModel* command = findCommand(model, value)) {
      first = command->firstOut;
      count = command->outCount;
      modelled_ = modelled_ && command->modelled;
    } else if (model.otherCommands == OtherCommands::compare) {
      modelled_ = false;
      unlistedCommand_ = true;
    } else if (model.otherCommands == OtherCommands::ioctl) {
      enterUnlistedIoctl(value);
    }
  }
  for (uint32_t i = first; i < first + count; i++) enterParameter(kOutParameters[i], memory);
}

void OutParameters::enterParameter(const OutParameter& parameter, const TraceeMemory& memory) {
  if (!conditionHolds(parameter)) return;
  uint64_t address = arguments_[parameter.argument];
  OutRegion region = {address, 0, parameter.argument, 0, parameter.inOut};
  if (parameter.pointerOffset >= 0) {
    if (address == 0) return;
    region.argument = -1;
    region.pointerLocation = address + static_cast<uint64_t>(parameter.pointerOffset);
    const auto pointer = memory.readValue<uint64_t>(region.pointerLocation);
    if (!pointer) return;
    region.address = address = *pointer;
  }
  if (address == 0) return;
  switch (parameter.length) {
    case LengthRule::iovec:
      if (enterIovec(address, argumentCount(parameter), region.argument, region.pointerLocation, memory)) {
        entered_.push_back({&parameter, address, 0});
      }
      return;
    default:
      break;
  }
  const uint64_t length = std::min(maximumLength(parameter, memory), ~address);
  if (length == 0 || (parameter.most != 0 && length > parameter.most)) return;
  entered_.push_back({&parameter, address, length});
  // Without a limit nothing is known that could be moved.
  const bool bounded = parameter.length != LengthRule::result || parameter.countArgument != kNoArgument;
  region.maximumLength = length;
  if (bounded) regions_.push_back(region);
  if (parameter.length == LengthRule::message) enterMessage(address, memory);
  if (parameter.length == LengthRule::messages) enterMessages(address, argumentCount(parameter), memory);
}

bool OutParameters::conditionHolds(const OutParameter& parameter) const {
  if (parameter.conditionArgument == kNoArgument) return true;
  const uint32_t bits = static_cast<uint32_t>(arguments_[parameter.conditionArgument]) & parameter.conditionMask;
  return parameter.conditionAny ? bits != 0 : bits == parameter.conditionValue;
}

// Bytes that the call may write at most, by what is known at entry; 0 when the kernel cannot even read the count.
uint64_t OutParameters::maximumLength(const OutParameter& parameter, const TraceeMemory& memory) const {
  switch (parameter.length) {
    case LengthRule::fixed:
      return parameter.base;
    case LengthRule::argument:
      return lengthOf(parameter, argumentCount(parameter));
    case LengthRule::result:
      return parameter.countArgument == kNoArgument ? kMostBytes : lengthOf(parameter, argumentCount(parameter));
    case LengthRule::memory: {
      const auto count = memoryCount(parameter, memory);
      return count ? lengthOf(parameter, *count) : 0;
    }
    case LengthRule::string:
      return parameter.most;
    case LengthRule::message:
      return kMessageHeaderSize;
    case LengthRule::messages:
      return std::min(argumentCount(parameter) * kMessageVectorElement, kMostBytes);
    case LengthRule::iovec:
      return 0;
  }
  return 0;
}

uint64_t OutParameters::argumentCount(const OutParameter& parameter) const {
  const uint64_t value = arguments_[parameter.countArgument];
  if (parameter.countWidth == 8) return parameter.countSigned && static_cast<int64_t>(value) < 0 ? 0 : value;
  const uint32_t low = static_cast<uint32_t>(value);
  return parameter.countSigned && static_cast<int32_t>(low) < 0 ? 0 : low;
}

// A count in the program's memory. The kernel takes 4 bytes as an int, and refuses negative ones.
std::optional<uint64_t> OutParameters::memoryCount(const OutParameter& parameter, const TraceeMemory& memory) const {
  uint64_t count = 0;
  const uint64_t at = arguments_[parameter.countArgument] + parameter.countOffset;
  if (!memory.readAll(at, &count, parameter.countWidth)) return std::nullopt;
  if (parameter.countWidth == 4 && count > INT32_MAX) return std::nullopt;
  return count;
}

void OutParameters::exit(int64_t result, const TraceeMemory& memory, std::vector<OutRange>& ranges) const {
  for (const Entered& entered : entered_) {
    if (!isWrittenOn(entered.parameter->written, result)) continue;
    const uint64_t bytes = isFailure(result) ? kMostBytes : static_cast<uint64_t>(result);
    switch (entered.parameter->length) {
      case LengthRule::iovec:
        exitIovec(bytes, ranges);
        break;
      case LengthRule::message:
        exitMessage(entered.address, bytes, memory, ranges);
        break;
      case LengthRule::messages: {
        const uint64_t received = isFailure(result) ? kMostMessages : bytes;
        exitMessages(entered.address, std::min(received, entered.maximumLength / kMessageVectorElement), memory,
                     ranges);
        break;
      }
      default:
        if (const uint64_t length = writtenLength(entered, result, memory)) ranges.push_back({entered.address, length});
    }
  }
}

uint64_t OutParameters::writtenLength(const Entered& entered, int64_t result, const TraceeMemory& memory) const {
  const OutParameter& parameter = *entered.parameter;
  if (isFailure(result)) return entered.maximumLength;
  switch (parameter.length) {
    case LengthRule::result:
      return std::min(lengthOf(parameter, static_cast<uint64_t>(result)), entered.maximumLength);
    case LengthRule::memory: {
      if (!parameter.updated) return entered.maximumLength;
      const auto count = memoryCount(parameter, memory);
      return count ? std::min(lengthOf(parameter, *count), entered.maximumLength) : entered.maximumLength;
    }
    case LengthRule::string: {
      const auto text = memory.readString(entered.address, entered.maximumLength);
      return text ? std::min(text->size() + 1, entered.maximumLength) : entered.maximumLength;
    }
    default:
      return entered.maximumLength;
  }
}

std::optional<std::string> OutParameters::warning() const {
  if (modelled_ && !unlistedCommand_) return std::nullopt;
  const SyscallModel& model = syscallModel(number_);
  if (!model.known) {
    return "system call " + std::to_string(number_) + " is not known: its effects are found by comparing memory";
  }
  const std::string name = model.name;
  if (model.commandArgument == kNoArgument) {
    return "system call " + name + " is not modelled: its effects are found by comparing memory";
  }
  const uint32_t command = static_cast<uint32_t>(arguments_[model.commandArgument]) & model.commandMask;
  if (model.otherCommands == OtherCommands::ioctl && unlistedCommand_) return unlistedIoctlWarning(command);
  char number[16];
  snprintf(number, sizeof number, "0x%x", command);
  return name + " with command " + number + " is not modelled: its effects are found by comparing memory";
}

}  // namespace rr
