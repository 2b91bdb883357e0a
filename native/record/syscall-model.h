// The shape of the recorder's system call table. The table itself is generated from engine/syscalls/ into
// native/generated/syscalls.h; engine/syscalls/model.ts tells what each field means.
#pragma once

#include <cstdint>

namespace rr {

// Where the length of an out-parameter comes from.
enum class LengthRule : uint8_t { fixed, argument, result, memory, string, iovec, message, messages };

// For which results the kernel may write.
enum class WrittenOn : uint8_t { success, failure, interrupted, always };

// What an interrupted call ends with inside the kernel: none, -ERESTARTSYS, -ERESTARTNOINTR, -ERESTARTNOHAND,
// -ERESTART_RESTARTBLOCK.
enum class RestartClass : uint8_t { none, system, always, noHandler, block };

// A command that the table does not list: writes nothing, is not modelled, or tells by its _IOC encoding.
enum class OtherCommands : uint8_t { none, compare, ioctl };

inline constexpr uint8_t kNoArgument = 0xff;

// Memory that the kernel writes: base + ceil(count / divisor) * element bytes.
struct OutParameter {
  uint8_t argument;  // holds the address, or the structure that holds it
  LengthRule length;
  WrittenOn written;
  bool inOut;             // scratch memory must start as a copy
  uint8_t countArgument;  // argument, memory, iovec, messages: where the count is; result: its limit, or kNoArgument
  uint8_t countWidth;     // bytes: 4 or 8 in an argument; 1, 2, 4 or 8 in memory
  bool countSigned;       // negative counts are none
  bool updated;           // memory: the kernel stores the new length where it read the old one
  uint8_t conditionArgument;  // kNoArgument: no condition
  bool conditionAny;          // any bit of the mask; else (argument & mask) must equal conditionValue
  int16_t pointerOffset;      // -1: the argument is the address; else the address is the pointer at argument + this
  uint16_t countOffset;       // memory: offset of the count in the structure
  uint16_t divisor;
  uint32_t base;
  uint32_t element;
  uint32_t most;  // more bytes than this and the kernel refuses; 0: no limit
  uint32_t conditionMask;
  uint32_t conditionValue;
};

// Memory whose bytes leave the program: none; as many bytes as an argument says; the buffers of an iovec array, of a
// msghdr, of an array of mmsghdr.
enum class SentRule : uint8_t { none, argument, iovec, message, messages };

// What a call does for one value of its command argument.
struct CommandModel {
  uint32_t value;
  uint16_t firstOut;  // index into kOutParameters
  uint16_t outCount;
  bool modelled;  // false: compare memory
};

struct SyscallModel {
  const char* name;  // "unknown" when the number is not in the table
  bool known;
  uint8_t argumentCount;
  bool modelled;  // false: compare memory
  bool mayBlock;
  bool bufferable;
  RestartClass restart;
  OtherCommands otherCommands;
  uint8_t commandArgument;  // kNoArgument: the call has no commands
  uint32_t commandMask;
  uint16_t firstOut;
  uint16_t outCount;
  uint16_t firstCommand;
  uint16_t commandCount;
  SentRule sent;
  uint8_t sentArgument;       // holds the address
  uint8_t sentCountArgument;  // argument, iovec, messages
  uint8_t sentCountWidth;     // bytes: 4 or 8
  bool sentCountSigned;       // negative counts are none
  uint8_t sentBase;           // argument: bytes besides those counted
  uint8_t strings;            // bit N: argument N points to a string that the kernel reads
};

}  // namespace rr
