import { Counter, type Registry } from '../../runtime/metrics.ts';

/** What is counted of what players tell. Labels come from fixed vocabularies, never from a request. */
export class CmcdMetrics {
  readonly bodies: Counter<'outcome'>;
  readonly events: Counter<'outcome'>;

  constructor(registry: Registry) {
    const counter = (name: string, help: string) =>
      new Counter({ name: `undercard_steering_${name}`, help, labelNames: ['outcome'], registers: [registry] });
    this.bodies = counter('cmcd_bodies_total', 'What players posted: accepted, or why not read');
    this.events = counter('cmcd_events_total', 'Events that players told of, by what was made of them');
  }
}
