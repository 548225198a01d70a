import { BlockList, isIP } from 'node:net';
import { BadInput } from '../../runtime/bad-input.ts';
import type { HttpExchange } from '../../runtime/http-exchange.ts';
import { canonicalAddress } from '../../topology/model/ip-address.ts';

export type ClientOutcome = { kind: 'client'; address: string } | { kind: 'refused'; reason: string };

/**
 * Who is asking: the other end of the connection; what `X-Forwarded-For` says only where the connection comes from a
 * configured proxy; `?ip=` only where a test flag allows it, because anybody can write either.
 */
export class ClientAddressReader {
  readonly #proxies: BlockList;
  readonly #allowIpParameter: boolean;

  /** @param trustedProxies addresses or CIDR blocks. @throws BadInput for anything else */
  constructor(trustedProxies: readonly string[], allowIpParameter: boolean) {
    this.#proxies = blockListOf(trustedProxies);
    this.#allowIpParameter = allowIpParameter;
  }

  read(exchange: HttpExchange, parameters: URLSearchParams): ClientOutcome {
    const named = parameters.get('ip');
    if (named !== null) return this.#named(named);
    return { kind: 'client', address: this.connected(exchange) };
  }

  /** Without regard to `?ip=`. */
  connected(exchange: HttpExchange): string {
    const peer = canonicalAddress(exchange.remoteAddress()) ?? 'unknown';
    const forwarded = exchange.head.get('x-forwarded-for');
    return forwarded === undefined ? peer : this.#forwarded(peer, forwarded);
  }

  #named(text: string): ClientOutcome {
    if (!this.#allowIpParameter) return { kind: 'refused', reason: 'ip: not allowed here (--allow-ip-parameter)' };
    const address = canonicalAddress(text);
    return address === null
      ? { kind: 'refused', reason: 'ip: not an IPv4 or IPv6 address' }
      : { kind: 'client', address };
  }

  /** Each proxy appends whom it heard; so from the right, the first that is no proxy of ours is the client. */
  #forwarded(peer: string, field: string): string {
    let address = peer;
    for (const hop of field.split(',').toReversed()) {
      if (!this.#trusts(address)) break;
      const before = canonicalAddress(hop.trim());
      if (before === null) break;
      address = before;
    }
    return address;
  }

  #trusts(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#proxies.check(address, version === 4 ? 'ipv4' : 'ipv6');
  }
}

function blockListOf(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', length, rest] = block.split('/');
    const version = isIP(address);
    const bits = version === 4 ? 32 : 128;
    const prefixLength = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : Infinity;
    if (version === 0 || prefixLength > bits || rest !== undefined) {
      throw new BadInput(`--trusted-proxy: "${block}" is not an address or CIDR block, for example 10.0.0.0/8`);
    }
    list.addSubnet(address, prefixLength, version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
