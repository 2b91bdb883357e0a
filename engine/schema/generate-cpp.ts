/** The schema in C++: structs, enumerations and constants, with assertions of every size and offset. */
import * as schema from './schema.ts';
import {
  capitalised,
  type Enumeration,
  enumerations,
  generatedFrom,
  headerShape,
  recordShapes,
  ringShapes,
  type Shape,
} from './shapes.ts';

const cppTypes: Readonly<Record<schema.FieldType, string>> = {
  u8: 'uint8_t',
  u16: 'uint16_t',
  u32: 'uint32_t',
  u64: 'uint64_t',
  i32: 'int32_t',
  i64: 'int64_t',
};

function structName(shape: Shape): string {
  return capitalised(shape.name) + (shape.record ? 'Record' : '');
}

function struct(shape: Shape): string {
  const name = structName(shape);
  const lines = [`// ${shape.doc}`, `struct ${name} {`];
  if (shape.record) lines.push('  RecordHeader header;');
  for (const field of shape.layout.fields) {
    const array = field.length > 1 ? `[${field.length}]` : '';
    lines.push(`  ${cppTypes[field.type]} ${field.name}${array};  // ${field.doc}`);
  }
  lines.push('};', `static_assert(sizeof(${name}) == ${shape.layout.size});`);
  for (const field of shape.layout.fields) {
    lines.push(`static_assert(offsetof(${name}, ${field.name}) == ${field.offset});`);
  }
  return lines.join('\n');
}

function enumeration({ name, values }: Enumeration): string {
  const entries = Object.entries(values).map(([key, value]) => `  k${capitalised(key)} = ${value},`);
  return [`enum class ${capitalised(name)} : uint8_t {`, ...entries, '};'].join('\n');
}

function traits(shape: Shape): string {
  const record = shape.record!;
  return [
    'template <>',
    `struct RecordTraits<${structName(shape)}> {`,
    `  static constexpr RecordKind kKind = RecordKind::k${capitalised(shape.name)};`,
    `  static constexpr Lane kLane = Lane::k${capitalised(record.lane)};`,
    '};',
  ].join('\n');
}

export function generateCpp(): string {
  const flags = Object.entries(schema.frameFlags).map(
    ([name, value]) => `inline constexpr uint8_t kFrame${capitalised(name)} = ${value};`,
  );
  const dataFlags = Object.entries(schema.dataFlags).map(
    ([name, value]) => `inline constexpr uint8_t kData${capitalised(name)} = ${value};`,
  );
  const laneOfKind = recordShapes.map(
    (shape) => `    case RecordKind::k${capitalised(shape.name)}: return Lane::k${capitalised(shape.record!.lane)};`,
  );
  return `// ${generatedFrom}
#pragma once

#include <cstddef>
#include <cstdint>

namespace rr::schema {

inline constexpr uint32_t kFormatVersion = ${schema.formatVersion};
inline constexpr uint32_t kRingMagic = 0x${schema.ringMagic.toString(16)};
inline constexpr size_t kRegisterCount = ${schema.registerNames.length};
inline constexpr size_t kLaneCount = ${Object.keys(schema.lanes).length};

${enumerations.map(enumeration).join('\n\n')}

// Flags of a frame's header.
${flags.join('\n')}

// Flags of a data record's header.
${dataFlags.join('\n')}

${[headerShape, ...recordShapes, ...ringShapes].map(struct).join('\n\n')}

// Kind and lane of a record type.
template <typename Record>
struct RecordTraits;
${recordShapes.map(traits).join('\n')}

// The lane that records of a kind go to.
constexpr Lane laneOf(RecordKind kind) {
  switch (kind) {
${laneOfKind.join('\n')}
  }
  return Lane::kEvents;
}

// Bytes of a record with a payload, padding included: what its header's \`size\` must be.
template <typename Record>
constexpr uint32_t sizeWithPayload(size_t payloadLength) {
  return static_cast<uint32_t>((sizeof(Record) + payloadLength + 7) & ~size_t{7});
}

// The payload behind a record's fixed fields.
template <typename Record>
uint8_t* payloadOf(Record* record) {
  return reinterpret_cast<uint8_t*>(record + 1);
}

}  // namespace rr::schema
`;
}
