import type { Registry } from 'prom-client';
import { formatAddress, type Address } from '../../runtime/address.ts';
import { openAdmin, type AdminRoute } from '../../runtime/admin.ts';
import { BadInput } from '../../runtime/bad-input.ts';
import { HttpFront } from '../../runtime/http-front.ts';
import type { Log } from '../../runtime/log.ts';
import type { RunningService } from '../../runtime/service.ts';
import type { Routes } from './routes.ts';

/** What every steering service has, whatever it steers between. */
export interface ShellConfig {
  listen: Address;
  admin?: { address: Address; token?: string | undefined } | undefined;
  /** scheme, host and port under which players reach this service; by default the listener's own */
  publicUrl?: URL | undefined;
  log: Log;
}

/** What is behind the listeners. */
export interface ShellParts {
  routes: Routes;
  registry: Registry;
  /** of the admin listener, by path */
  snapshots: Record<string, () => unknown>;
  adminRoutes?: readonly AdminRoute[];
  close(): Promise<void> | void;
}

const CLOSE_GRACE_MS = 2000;

/**
 * Opens the listeners in front of what `assemble` makes.
 * @param assemble gets the address that players are sent to, which is known once the listener is bound
 * @throws BadInput when the configuration cannot be used
 */
export async function openSteering(
  config: ShellConfig,
  assemble: (publicUrl: () => string) => Promise<ShellParts>,
): Promise<RunningService> {
  const { listen, log } = config;
  const fixedUrl = publicOrigin(config);
  let boundUrl = '';
  const parts = await assemble(() => fixedUrl ?? boundUrl);
  const onError = (error: unknown, where: string) => log.error({ err: error, where }, 'a handler failed');
  const front = new HttpFront({ address: listen, raw: (exchange) => parts.routes.dispatch(exchange), onError });

  let draining = false;
  const closers: (() => Promise<void> | void)[] = [() => parts.close()];
  const close = async () => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  };
  try {
    boundUrl = `http://${formatAddress(await front.open())}`;
    // Closed after the parts, which end what they have held back.
    closers.unshift(() => front.close(CLOSE_GRACE_MS));
    const urls: Record<string, string> = { steering: fixedUrl ?? boundUrl, listen: boundUrl };
    if (config.admin) {
      const admin = await openAdmin({
        address: config.admin.address,
        token: config.admin.token,
        registry: parts.registry,
        readiness: () => (draining ? 'draining' : null),
        onDrain: () => {
          draining = true;
        },
        snapshots: parts.snapshots,
        routes: parts.adminRoutes ?? [],
        onError,
      });
      closers.push(() => admin.close());
      urls.admin = admin.url;
    }
    const drain = async () => {
      draining = true;
    };
    return { urls, drain, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @returns null when the listener's own address will do, which is known once it is bound */
function publicOrigin({ listen, publicUrl }: ShellConfig): string | null {
  if (publicUrl) return publicUrl.origin;
  if (listen.host !== '0.0.0.0' && listen.host !== '::') return null;
  throw new BadInput(
    `--listen ${formatAddress(listen)} is no address players can be sent to: add --public-url, for example https://steering.example`,
  );
}
