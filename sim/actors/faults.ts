import type { Fault } from '../scenarios/fault-schema.ts';
import type { World } from '../run/assemble.ts';

/** One fault, with what it strikes found. */
interface Armed {
  fault: Fault;
  fromMs: number;
  untilMs: number;
  rampMs: number;
}

const RAMP_STEP_MS = 500;

/**
 * What goes wrong, carried out: links and sites that go dark, processes that die, capacities that shrink, pipelines that
 * publish rubbish. Several may strike one thing at once: it is well again when the last of them is over, and until then
 * the worst of them counts; latencies and losses add up.
 */
export class Faults {
  readonly #world: World;
  readonly #armed: readonly Armed[];
  readonly #convergenceMs: number;
  readonly #convergeKind: number;
  /** links that were down at moments from which on routing finds out */
  readonly #found: Uint8Array[] = [];
  /** by thing: the faults that strike it now, and how hard, above 0 */
  readonly #strikes = new Map<string, Map<Fault, number>>();
  readonly #linkIndexes: ReadonlyMap<string, number>;
  readonly #linksOf: ReadonlyMap<string, readonly number[]>;
  readonly #capacitiesBps: Float64Array;

  constructor(faults: readonly Fault[], convergenceSeconds: number, durationMs: number, world: World) {
    this.#world = world;
    this.#convergenceMs = convergenceSeconds * 1000;
    const { topology, engine } = world;
    this.#linkIndexes = new Map(topology.links.map(({ id }, index) => [id, index]));
    this.#linksOf = linksByEnd(topology.links);
    this.#capacitiesBps = world.ways.capacitiesBps();
    this.#armed = faults.map((fault) => ({
      fault,
      fromMs: fault.fromSeconds * 1000,
      untilMs: fault.forSeconds === undefined ? durationMs + 1 : (fault.fromSeconds + fault.forSeconds) * 1000,
      rampMs: 'rampSeconds' in fault ? fault.rampSeconds * 1000 : 0,
    }));
    const { timers } = engine;
    this.#convergeKind = timers.kind((found, timer) => {
      timers.free(timer);
      world.ways.converge(this.#found[found]!);
    });
    const change = timers.kind((index, timer) => {
      const againMs = this.#change(this.#armed[index]!);
      if (againMs === Infinity) timers.free(timer);
      else timers.set(timer, againMs);
    });
    this.#armed.forEach(({ fromMs }, index) => timers.set(timers.make(change, index), fromMs));
  }

  /** Brings about what the moment asks for. @returns when to look again */
  #change(armed: Armed): number {
    const { fromMs, untilMs, rampMs, fault } = armed;
    const { nowMs } = this.#world.engine;
    const share = (ms: number) => (rampMs === 0 ? 1 : Math.min(1, ms / rampMs));
    const isOn = nowMs < untilMs;
    const grown = share(Math.min(nowMs, untilMs) - fromMs);
    const size = isOn ? grown : Math.max(0, grown - share(nowMs - untilMs));
    this.#apply(fault, size);
    if (isOn) return grown < 1 ? Math.min(untilMs, nowMs + RAMP_STEP_MS) : untilMs;
    return size > 0 ? nowMs + RAMP_STEP_MS : Infinity;
  }

  /** @param size from 0 (nothing of it) to 1 (all) */
  #apply(fault: Fault, size: number): void {
    const { caches, origins, desk, ways } = this.#world;
    switch (fault.kind) {
      case 'site-down':
        for (const { node, site } of caches) if (site.id === fault.site) this.#setStanding(node, fault, 'dark', size);
        this.#setLinks(this.#linksOf.get(`site:${fault.site}`) ?? [], fault, size);
        break;
      case 'server-down':
        this.#setServer(fault.server, fault, size);
        break;
      case 'server-draining': {
        const at = caches.findIndex(({ node }) => node.id === fault.server);
        const { node } = caches[at]!;
        node.draining = this.#strike(`draining ${at}`, fault, size).length > 0;
        // Shields tell steering nothing.
        if (node.role === 'edge') desk.reportNow(this.#edgeNumber(at));
        break;
      }
      case 'node-lies': {
        const at = caches.findIndex(({ node }) => node.id === fault.server);
        caches[at]!.node.failingShare = Math.max(0, ...this.#strike(`lies ${at}`, fault, fault.share * size));
        break;
      }
      case 'exchange-down':
        this.#setLinks(this.#linksOf.get(`exchange:${fault.exchange}`) ?? [], fault, size);
        break;
      case 'region-down':
        this.#setLinks(this.#linksOf.get(`region:${fault.region}`) ?? [], fault, size);
        for (const origin of origins)
          if (origin.region === fault.region) this.#setStanding(origin, fault, 'dark', size);
        this.#world.pipelines.regions.forEach((region, pipeline) => {
          if (region === fault.region) this.#setPipeline(pipeline, fault, size);
        });
        break;
      case 'origin-down':
        for (const origin of origins)
          if (fault.region === undefined || origin.region === fault.region)
            this.#setStanding(origin, fault, 'off', size);
        break;
      case 'pipeline-down':
        this.#setPipeline(this.#pipeline(fault.pipeline), fault, size);
        break;
      case 'steering-down':
        desk.setDown(this.#strike('steering', fault, size).length > 0);
        break;
      case 'link-down':
        this.#setLinks([this.#link(fault.link)], fault, size);
        break;
      case 'link-slow': {
        const more = this.#strike(`slow ${fault.link}`, fault, fault.latencyMs * size);
        ways.setExtraMs(
          this.#link(fault.link),
          more.reduce((sum, extraMs) => sum + extraMs, 0),
        );
        break;
      }
      case 'link-lossy': {
        const losses = this.#strike(`lossy ${fault.link}`, fault, fault.loss * size);
        ways.setLoss(this.#link(fault.link), 1 - losses.reduce((passed, loss) => passed * (1 - loss), 1));
        break;
      }
      case 'capacity-reduced':
        this.#reduce(fault, (1 - fault.left) * size);
        break;
      case 'segments-missing':
      case 'segments-corrupt':
        this.#spoil(fault, size);
        break;
    }
  }

  /** Notes how hard a fault strikes a thing; 0: not any more. @returns how hard each one does that strikes it now */
  #strike(thing: string, fault: Fault, much: number): number[] {
    const strikes = this.#strikes.get(thing) ?? new Map<Fault, number>();
    this.#strikes.set(thing, strikes);
    if (much > 0) strikes.set(fault, much);
    else strikes.delete(fault);
    return [...strikes.values()];
  }

  #setLinks(links: readonly number[], fault: Fault, size: number): void {
    const { ways, wire, engine } = this.#world;
    const cut: number[] = [];
    let hasChanged = false;
    for (const link of links) {
      const isDown = this.#strike(`link ${link}`, fault, size).length > 0;
      if (isDown === ways.isDown(link)) continue;
      hasChanged = true;
      ways.setDown(link, isDown);
      if (isDown) cut.push(link);
    }
    if (cut.length > 0) {
      const broken = [...wire.over((path) => cut.some((link) => ways.crosses(path, link)))];
      for (const exchange of broken) wire.breakWay(exchange, false);
    }
    if (!hasChanged) return;
    // Each change is found out by itself: one that follows soon does not put off what routing learns of the first.
    const found = this.#found.push(ways.linksDown()) - 1;
    engine.timers.set(engine.timers.make(this.#convergeKind, found), engine.nowMs + this.#convergenceMs);
  }

  /** The process dies, and begins anew with nothing. */
  #setServer(id: string, fault: Fault, size: number): void {
    const { caches, wire, desk } = this.#world;
    const at = caches.findIndex(({ node }) => node.id === id);
    const { node } = caches[at]!;
    const wasOff = this.#strikes.get(`off ${node.server}`)?.size ?? 0;
    const isOff = this.#strike(`off ${node.server}`, fault, size).length > 0;
    if (isOff && wasOff === 0) {
      const isHeard = node.standing !== 'dark';
      node.standing = 'off';
      for (const exchange of [...wire.with(node.server)]) wire.breakWay(exchange, isHeard);
      node.crash();
    }
    node.standing = this.#standingOf(node.server);
    if (!isOff && wasOff > 0 && node.role === 'edge') desk.restarted(this.#edgeNumber(at));
  }

  #setStanding(
    server: { standing: 'up' | 'off' | 'dark'; server: number },
    fault: Fault,
    how: 'off' | 'dark',
    size: number,
  ): void {
    const { wire } = this.#world;
    this.#strike(`${how} ${server.server}`, fault, size);
    const standing = this.#standingOf(server.server);
    const strikes = standing === 'dark' ? server.standing !== 'dark' : standing === 'off' && server.standing === 'up';
    if (strikes) {
      for (const exchange of [...wire.with(server.server)]) wire.breakWay(exchange, standing === 'off');
    }
    server.standing = standing;
  }

  /** Of a dead process in a dark site nothing is heard. */
  #standingOf(server: number): 'up' | 'off' | 'dark' {
    if ((this.#strikes.get(`dark ${server}`)?.size ?? 0) > 0) return 'dark';
    return (this.#strikes.get(`off ${server}`)?.size ?? 0) > 0 ? 'off' : 'up';
  }

  #setPipeline(pipeline: number, fault: Fault, size: number): void {
    this.#world.pipelines.states[pipeline]!.down = this.#strike(`pipeline ${pipeline}`, fault, size).length > 0;
  }

  #spoil(fault: Extract<Fault, { kind: 'segments-missing' | 'segments-corrupt' }>, size: number): void {
    for (const pipeline of this.#pipelines(fault.pipeline)) {
      const state = this.#world.pipelines.states[pipeline]!;
      const share = Math.max(0, ...this.#strike(`${fault.kind} ${pipeline}`, fault, fault.share * size));
      if (fault.kind === 'segments-missing') state.missingShare = share;
      else state.corruptShare = share;
    }
  }

  #reduce(fault: Extract<Fault, { kind: 'capacity-reduced' }>, taken: number): void {
    const { caches, ways, network, engine } = this.#world;
    const links = new Set<number>();
    const servers = new Set<number>();
    if (fault.link !== undefined) links.add(this.#link(fault.link));
    if (fault.exchange !== undefined)
      for (const link of this.#linksOf.get(`exchange:${fault.exchange}`) ?? []) links.add(link);
    if (fault.site !== undefined) for (const link of this.#linksOf.get(`site:${fault.site}`) ?? []) links.add(link);
    for (const { node, site } of caches)
      if (node.id === fault.server || site.id === fault.site) servers.add(node.server);
    const set = (directed: number) => {
      const most = Math.max(0, ...this.#strike(`capacity ${directed}`, fault, taken));
      network.setCapacity(directed, this.#capacitiesBps[directed]! * (1 - most), engine.nowMs);
    };
    for (const link of links) {
      set(2 * link);
      set(2 * link + 1);
    }
    for (const server of servers) set(ways.serverLink(server));
  }

  #link(id: string): number {
    return this.#linkIndexes.get(id)!;
  }

  #pipeline(id: string): number {
    return this.#world.pipelines.ids.indexOf(id);
  }

  #pipelines(id: string | undefined): number[] {
    return id === undefined ? [...this.#world.pipelines.ids.keys()] : [this.#pipeline(id)];
  }

  /** The desk numbers edges alone. */
  #edgeNumber(cache: number): number {
    let edges = 0;
    for (let index = 0; index < cache; index++) if (this.#world.caches[index]!.node.role === 'edge') edges++;
    return edges;
  }
}

function linksByEnd(links: readonly { from: string; to: string }[]): Map<string, number[]> {
  const byEnd = new Map<string, number[]>();
  links.forEach(({ from, to }, index) => {
    for (const end of new Set([from, to])) {
      const known = byEnd.get(end);
      if (known === undefined) byEnd.set(end, [index]);
      else known.push(index);
    }
  });
  return byEnd;
}

/** What of a fault the scenario names and the topology must have, for whoever checks: kind of thing and its name. */
export function namesIn(fault: Fault): { kind: string; field: string; id: string }[] {
  const names: { kind: string; field: string; id: string }[] = [];
  for (const field of ['site', 'server', 'exchange', 'region', 'pipeline', 'link'] as const) {
    const id = (fault as Record<string, unknown>)[field];
    if (typeof id === 'string') names.push({ kind: field, field, id });
  }
  return names;
}
