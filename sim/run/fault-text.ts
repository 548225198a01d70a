import type { Fault } from '../scenarios/fault-schema.ts';
import type { FaultMark } from './result.ts';

/** A fault as a mark on a time axis. */
export function describeFault(fault: Fault): FaultMark {
  const target = targetOf(fault);
  return {
    kind: fault.kind,
    target,
    fromSeconds: fault.fromSeconds,
    untilSeconds: fault.forSeconds === undefined ? null : fault.fromSeconds + fault.forSeconds,
    text: textOf(fault, target),
  };
}

function targetOf(fault: Fault): string {
  const named = fault as Partial<Record<'site' | 'server' | 'exchange' | 'region' | 'pipeline' | 'link', string>>;
  const id = named.site ?? named.server ?? named.exchange ?? named.link ?? named.pipeline ?? named.region;
  if (id !== undefined) return id;
  if (fault.kind === 'steering-down') return 'steering';
  return fault.kind === 'origin-down' ? 'all origins' : 'all pipelines';
}

function textOf(fault: Fault, target: string): string {
  switch (fault.kind) {
    case 'link-slow':
      return `${target}: ${fault.latencyMs} ms more`;
    case 'link-lossy':
      return `${target}: loses ${percent(fault.loss)} of its packets`;
    case 'capacity-reduced':
      return `${target}: ${percent(fault.left)} of its capacity left`;
    case 'segments-missing':
      return `${target}: ${percent(fault.share)} of segments missing`;
    case 'segments-corrupt':
      return `${target}: ${percent(fault.share)} of segments corrupt`;
    case 'server-draining':
      return `${target} drains`;
    default:
      return `${target} down`;
    case 'node-lies':
      return `${target} fails ${percent(fault.share)} of requests and reports that it is well`;
  }
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
