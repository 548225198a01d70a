import { BlockList, isIP } from 'node:net';
import { BadInput } from '../../runtime/bad-input.ts';
import type { HttpExchange } from '../../runtime/http-exchange.ts';
import { canonicalAddress } from '../../topology/model/ip-address.ts';
import type { QueryValues } from './query-values.ts';

export type ClientOutcome = { kind: 'client'; address: string } | { kind: 'refused'; reason: string };

interface Peer {
  address: string;
  /** whether it is a proxy of ours */
  isTrusted: boolean;
}

const PEERS_MAX = 16_384;

/**
 * Who is asking: the other end of the connection; what `X-Forwarded-For` says only where the connection comes from a
 * configured proxy; `?ip=` only where a test flag allows it, because anybody can write either.
 */
export class ClientAddressReader {
  readonly #proxies: BlockList;
  readonly #allowIpParameter: boolean;
  /** by the text of a connection's other end */
  readonly #peers = new Map<string, Peer>();

  /** @param trustedProxies addresses or CIDR blocks. @throws BadInput for anything else */
  constructor(trustedProxies: readonly string[], allowIpParameter: boolean) {
    this.#proxies = blockListOf(trustedProxies);
    this.#allowIpParameter = allowIpParameter;
  }

  read(exchange: HttpExchange, parameters: QueryValues): ClientOutcome {
    const named = parameters.get('ip');
    if (named !== null) return this.#named(named);
    return { kind: 'client', address: this.connected(exchange) };
  }

  /** Without regard to `?ip=`. */
  connected(exchange: HttpExchange): string {
    const peer = this.#peer(exchange.remoteAddress());
    const forwarded = exchange.head.get('x-forwarded-for');
    if (forwarded === undefined || !peer.isTrusted) return peer.address;
    return this.#forwarded(peer.address, forwarded);
  }

  /** Proxies have few addresses and many connections. */
  #peer(text: string): Peer {
    const known = this.#peers.get(text);
    if (known !== undefined) return known;
    const address = canonicalAddress(text) ?? 'unknown';
    const peer = { address, isTrusted: this.#trusts(address) };
    if (this.#peers.size >= PEERS_MAX) this.#peers.clear();
    this.#peers.set(text, peer);
    return peer;
  }

  #named(text: string): ClientOutcome {
    if (!this.#allowIpParameter) return { kind: 'refused', reason: 'ip: not allowed here (--allow-ip-parameter)' };
    const address = canonicalAddress(text);
    return address === null
      ? { kind: 'refused', reason: 'ip: not an IPv4 or IPv6 address' }
      : { kind: 'client', address };
  }

  /**
   * Each proxy appends whom it heard; so from the right, the first that is no proxy of ours is the client.
   * @param proxy the other end of the connection, which is one of ours
   */
  #forwarded(proxy: string, field: string): string {
    let address = proxy;
    for (let end = field.length; end >= 0;) {
      const comma = field.lastIndexOf(',', end - 1);
      const before = canonicalAddress(field.slice(comma + 1, end).trim());
      if (before === null) break;
      address = before;
      end = comma;
      if (end <= 0 || !this.#trusts(address)) break;
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
