// What encodeSlot, encodeIndex and decodeChunk return instead of a size. engine/trace/codec-errors.ts says it in words.

export const ERROR_CHUNK_TOO_SHORT: i32 = -1;
export const ERROR_MAGIC: i32 = -2;
export const ERROR_FORMAT: i32 = -3;
export const ERROR_HEADER: i32 = -4; // a field of the header has a value that does not exist
export const ERROR_STORED_SIZE: i32 = -5; // not the length of what follows the header
export const ERROR_CHECKSUM: i32 = -6;
export const ERROR_TOO_LARGE: i32 = -7; // more than the memory that the caller set aside
export const ERROR_COUNT: i32 = -8; // more records, or fewer, than the raw size can hold
export const ERROR_LZ4: i32 = -9;
export const ERROR_COLUMNS: i32 = -10; // columns end early, or late
export const ERROR_RAW_SIZE: i32 = -11; // the records do not add up to the raw size
export const ERROR_EVENTS: i32 = -12; // events decrease, or are not those of the header
export const ERROR_MODELLED: i32 = -13; // what the models tell is impossible, or ends early or late
export const ERROR_PATCH: i32 = -14; // what a chunk says of its base, or of what is new, is impossible
export const ERROR_PACKED: i32 = -15; // what was packed ends early or late, or refers to what is not there

export const ERROR_RECORD_SIZE: i32 = -32; // a raw record's size is impossible, or not that of its payload
export const ERROR_RECORD_KIND: i32 = -33;
export const ERROR_EVENT_ORDER: i32 = -34; // events decrease within a lane
export const ERROR_SLOT_SIZE: i32 = -35;
