/** The codec's error numbers (codec/errors.ts) in words. */
const words: Readonly<Record<number, string>> = {
  [-1]: 'a chunk is shorter than its header',
  [-2]: 'this is no chunk',
  [-3]: 'a chunk has another format number',
  [-4]: 'a chunk’s header has an impossible value',
  [-5]: 'a chunk’s stored size is wrong',
  [-6]: 'a chunk’s checksum is wrong',
  [-7]: 'a chunk claims more bytes than it may have',
  [-8]: 'a chunk’s count of records is impossible',
  [-9]: 'a chunk’s LZ4 block is malformed',
  [-10]: 'a chunk’s columns are malformed',
  [-11]: 'a chunk’s records do not have the size that its header says',
  [-12]: 'a chunk’s events are not those that its header says',
  [-13]: 'a chunk’s modelled records are malformed',
  [-14]: 'a patched chunk’s list or patch is malformed',
  [-15]: 'a chunk’s packed bytes are malformed',
  [-32]: 'a record’s size is impossible',
  [-33]: 'a record’s kind does not exist',
  [-34]: 'events decrease',
  [-35]: 'a slot is fuller than its size',
};

export function codecErrorText(code: number): string {
  return words[code] ?? `the codec answers ${code}`;
}
