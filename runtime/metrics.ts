import { Registry, collectDefaultMetrics } from 'prom-client';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** A registry of its own for each service, labelled with who it is; process and event-loop metrics included. */
export function createRegistry(role: string, id: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ role, id });
  collectDefaultMetrics({ register: registry });
  return registry;
}
