/**
 * Addresses of symbols, as the client knows them (`qSymbol`): it is asked when it has loaded symbols, one name a packet.
 * The C library describes its structures for debuggers by the `_thread_db_` symbols (glibc, nptl_db/structs.def).
 */
import { fromHex, parseHexNumber, toHex } from './bytes.ts';
import { ok, PacketError, type Reply } from './reply.ts';

export const symbolNames = [
  '_thread_db_link_map_l_tls_modid',
  '_thread_db_link_map_l_tls_offset',
  '_thread_db_dtv_dtv',
  '_thread_db_dtv_t_pointer_val',
  '_thread_db_pthread_dtvp',
  '_rtld_global',
  '_thread_db_rtld_global__dl_tls_dtv_slotinfo_list',
  '_thread_db_dtv_slotinfo_list_len',
  '_thread_db_dtv_slotinfo_list_next',
  '_thread_db_dtv_slotinfo_list_slotinfo',
  '_thread_db_dtv_slotinfo_gen',
  '_thread_db_dtv_t_counter',
] as const;
export type SymbolName = (typeof symbolNames)[number];

export class SymbolLookup {
  readonly #known = new Map<string, number>();
  #asking: SymbolName[] = [];

  forget(): void {
    this.#known.clear();
  }

  address(name: SymbolName): number | undefined {
    return this.#known.get(name);
  }

  /** Handles what follows `qSymbol:`, and asks for what is not known. @throws PacketError EINVAL */
  receive(text: string): Reply {
    if (text === ':') {
      this.#asking = symbolNames.filter((name) => !this.#known.has(name));
    } else {
      const [value = '', hexName = '', ...rest] = text.split(':');
      const name = fromHex(hexName)?.toString('latin1');
      if (name === undefined || rest.length > 0) throw new PacketError('EINVAL', `qSymbol:${text}: no symbol`);
      const address = parseHexNumber(value);
      if (address !== undefined && symbolNames.some((each) => each === name)) this.#known.set(name, address);
    }
    const next = this.#asking.shift();
    return next === undefined ? ok : `qSymbol:${toHex(next)}`;
  }
}
