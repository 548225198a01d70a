import type { Command } from 'commander';
import { parseOrigin } from '../../runtime/address.ts';
import { BadInput } from '../../runtime/bad-input.ts';
import { parseCount, parseDuration } from '../../runtime/units.ts';
import type { LiveEvent } from '../../topology/model/event.ts';

interface CreateFlags {
  origin: string;
  pipeline: string;
  start: string;
  segment: string;
  dvrWindow: string;
  startNumber: string;
  state: string;
  rendition?: string[];
  json?: boolean;
}

const RENDITION_EXAMPLE = 'id=720p,kind=video,codecs=avc1.64001f,bandwidth=3000000,width=1280,height=720,frameRate=25';
const NUMERIC_FIELDS = new Set(['bandwidth', 'width', 'height', 'frameRate']);

export function registerEvent(origin: Command): void {
  origin
    .command('event')
    .description('events of a running origin')
    .command('create')
    .description('announce an event to a running origin, before its pipelines publish')
    .argument('<id>', 'name of the event, as it stands in URLs')
    .option('--origin <url>', "the origin's publishing side", 'http://127.0.0.1:9000')
    .option('--pipeline <name>', 'in whose name', 'a')
    .option('--start <when>', 'media time 0: now, +30s, or a date such as 2026-11-23T20:00:00Z', 'now')
    .option('--segment <duration>', 'duration of a segment', '2s')
    .option('--dvr-window <duration>', 'how long a segment stays readable', '10m')
    .option('--start-number <number>', 'number of the first segment', '1')
    .option('--state <state>', 'scheduled or live', 'live')
    .option('--rendition <fields>', `repeat it; for example ${RENDITION_EXAMPLE}`, (value, previous?: string[]) => [
      ...(previous ?? []),
      value,
    ])
    .option('--json', 'the event document on standard output')
    .action(create);
}

async function create(id: string, flags: CreateFlags): Promise<void> {
  const origin = parseOrigin(flags.origin, '--origin');
  const event = await eventFrom(id, flags);
  const url = new URL(`/ingest/${encodeURIComponent(flags.pipeline)}/${id}/event.json`, origin);
  const { default: got } = await import('got');
  const answer = await got
    .put(url, { json: event, retry: { limit: 0 }, throwHttpErrors: false, timeout: { request: 5000 } })
    .catch((error: Error) => error);
  if (answer instanceof Error) {
    fail(`no answer from the origin at ${origin.origin}: ${answer.message}`);
  } else if (!answer.ok) {
    fail(`the origin refused the event (${answer.statusCode}): ${answer.body.trim()}`);
  } else {
    console.log(flags.json ? JSON.stringify(event) : `${answer.body.trim()}: ${origin.origin}/live/${id}/master.m3u8`);
  }
}

async function eventFrom(id: string, flags: CreateFlags): Promise<LiveEvent> {
  const { defaultTemplates, eventSchema } = await import('../../topology/model/event.ts');
  if (!flags.rendition) throw new BadInput(`--rendition is missing; for example --rendition ${RENDITION_EXAMPLE}`);
  const parsed = eventSchema.safeParse({
    id,
    state: flags.state,
    availabilityStartMs: startMs(flags.start),
    segmentDurationMs: parseDuration(flags.segment, '--segment'),
    startNumber: parseCount(flags.startNumber, '--start-number', 0, 1e12),
    dvrWindowMs: parseDuration(flags.dvrWindow, '--dvr-window'),
    renditions: flags.rendition.map(renditionFrom),
    ...defaultTemplates(id),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BadInput(`the event's ${issue!.path.map(String).join('.')}: ${issue!.message}`);
}

function startMs(text: string): number {
  if (text === 'now') return Date.now();
  if (text.startsWith('+')) return Date.now() + parseDuration(text.slice(1), '--start');
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) {
    throw new BadInput(`--start: "${text}" is not a time; write now, +30s or a date such as 2026-11-23T20:00:00Z`);
  }
  return ms;
}

function renditionFrom(text: string): Record<string, string | number> {
  const fields = text.split(',').map((pair) => {
    const [name, value] = pair.split('=', 2);
    if (!name || !value)
      throw new BadInput(`--rendition: "${pair}" is not name=value; for example ${RENDITION_EXAMPLE}`);
    return [name, NUMERIC_FIELDS.has(name) ? Number(value) : value] as const;
  });
  return Object.fromEntries(fields);
}

function fail(line: string): void {
  console.error(`undercard: ${line}`);
  process.exitCode = 1;
}
