// The last records of each kind of place, by a hash of what tells the place: positions in memory, and for each value of
// theirs which symbol told it. Two places with one hash only foretell badly.
import { NO_SYMBOL } from './values';

/** Two positions, and a byte for each value that is told. */
export const SITE_BYTES: u32 = 8 + 88;
/** The same without more than eight values. */
export const PLACE_BYTES: u32 = 8 + 8;
const SITE_BITS: u64 = 11;
export const SITES_BYTES: u32 = SITE_BYTES << (<u32>SITE_BITS);
export const PLACES_BYTES: u32 = PLACE_BYTES << (<u32>SITE_BITS);

function clear(table: usize, each: u32, zeros: usize): void {
  store<u32>(table, <u32>zeros);
  store<u32>(table, <u32>zeros, 4);
  memory.fill(table + 8, <u8>NO_SYMBOL, each - 8);
  const all = each << (<u32>SITE_BITS);
  for (let done = each; done < all; done <<= 1) memory.copy(table + done, table, done);
}

/** Forgets all; `zeros` is the position of the record that stands for none. */
export function clearSites(sites: usize, zeros: usize): void {
  clear(sites, SITE_BYTES, zeros);
}

export function clearPlaces(places: usize, zeros: usize): void {
  clear(places, PLACE_BYTES, zeros);
}

// @ts-ignore: decorator
@inline
export function siteOf(sites: usize, key: u64): usize {
  return sites + <usize>((key * 0x9e37_79b9_7f4a_7c15) >> (64 - SITE_BITS)) * SITE_BYTES;
}

// @ts-ignore: decorator
@inline
export function placeOf(places: usize, key: u64): usize {
  return places + <usize>((key * 0x9e37_79b9_7f4a_7c15) >> (64 - SITE_BITS)) * PLACE_BYTES;
}

// @ts-ignore: decorator
@inline
export function lastAt(site: usize): usize {
  return <usize>load<u32>(site);
}

// @ts-ignore: decorator
@inline
export function beforeLastAt(site: usize): usize {
  return <usize>load<u32>(site, 4);
}

// @ts-ignore: decorator
@inline
export function historyOf(site: usize): usize {
  return site + 8;
}

// @ts-ignore: decorator
@inline
export function enter(site: usize, record: usize): void {
  store<u32>(site, load<u32>(site), 4);
  store<u32>(site, <u32>record);
}
