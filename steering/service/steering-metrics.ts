import { Counter, createRegistry, Gauge, Tally, type Registry } from '../../runtime/metrics.ts';
import type { Site } from '../../topology/model/site.ts';
import { STANDINGS, type HealthVerdict } from '../policy/health/health.ts';

/** What steering counts. Labels come from fixed vocabularies and the sites file, never from a request. */
export class SteeringMetrics {
  readonly registry: Registry;
  readonly requests: Tally<'route' | 'status'>;
  readonly reports: Tally<'outcome'>;
  readonly eventFetches: Counter<'outcome'>;
  readonly firstChoices: Tally<'site' | 'node'>;
  readonly clients: Tally<'located_by'>;
  readonly admissions: Tally<'verdict'>;
  readonly moves: Counter;
  readonly readings: Counter<'input' | 'outcome'>;
  readonly recordLines: Counter<'outcome'>;

  constructor(id: string, sites: readonly Site[], verdictOf: (nodeId: string) => HealthVerdict) {
    this.registry = createRegistry('steering', id);
    const registers = [this.registry];
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Counter({ name: `undercard_steering_${name}`, help, labelNames, registers });
    const tally = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Tally(this.registry, `undercard_steering_${name}`, help, labelNames);
    this.requests = tally('requests_total', 'Answers given, by route and status', ['route', 'status']);
    this.reports = tally('reports_total', 'Node reports, by what came of them: accepted or why refused', ['outcome']);
    this.eventFetches = counter('event_fetches_total', 'Fetches of event documents, by what came of them', ['outcome']);
    this.firstChoices = tally('first_choices_total', 'Rankings given, by the server named first', ['site', 'node']);
    this.clients = tally('clients_total', 'Rankings given, by what the client was located by', ['located_by']);
    this.admissions = tally('admissions_total', 'Rankings given, by what became of the session', ['verdict']);
    this.moves = counter('moves_total', 'Content steering answers whose first pathway is not the one played', []);
    this.readings = counter('readings_total', 'Changed files that clients are located by, by what came of them', [
      'input',
      'outcome',
    ]);
    this.recordLines = counter('record_lines_total', 'Lines of the record (--record): written or lost', ['outcome']);
    const nodes = sites.flatMap((site) => site.edges.map((edge) => ({ node: edge.id, site: site.id })));
    this.#gauge('node_score', 'Share of its sessions that a node should get, 0 to 1', ['node', 'site'], (gauge) => {
      for (const labels of nodes) gauge.set(labels, verdictOf(labels.node).score);
    });
    this.#gauge('nodes', 'Nodes, by what steering takes them for', ['standing'], (gauge) => {
      for (const standing of STANDINGS) gauge.set({ standing }, 0);
      for (const { node } of nodes) gauge.inc({ standing: verdictOf(node).standing });
    });
  }

  #gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    collect: (gauge: Gauge<Label>) => void,
  ): void {
    const gauge: Gauge<Label> = new Gauge({
      name: `undercard_steering_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect: () => collect(gauge),
    });
  }
}
