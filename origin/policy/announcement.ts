import { defaultTemplates, type LiveEvent } from '../../topology/model/event.ts';

/** What an event document means beside the one already known. */
export type AnnouncementVerdict =
  { kind: 'created' } | { kind: 'updated' } | { kind: 'unchanged' } | { kind: 'conflict'; reason: string };

const STATE_ORDER = { scheduled: 0, live: 1, ended: 2 } as const;

/** What may stand inside the quotes of a playlist's attribute: RFC 6381, BCP 47. */
const CODECS = /^[A-Za-z0-9.,+_-]{1,64}$/;
const LANGUAGE = /^[A-Za-z0-9-]{1,35}$/;

/** Why this origin cannot carry such an event, whatever it knows already; null when it can. */
export function flawOf(event: LiveEvent, maxDvrWindowMs: number): string | null {
  const templates = defaultTemplates(event.id);
  if (event.mediaTemplate !== templates.mediaTemplate) return `mediaTemplate must be ${templates.mediaTemplate}`;
  if (event.initTemplate !== templates.initTemplate) return `initTemplate must be ${templates.initTemplate}`;
  const ids = event.renditions.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) return `renditions: "${twice}" is there twice`;
  const unsafe = event.renditions.find(
    ({ codecs, language }) => !CODECS.test(codecs) || !LANGUAGE.test(language ?? 'und'),
  );
  if (unsafe !== undefined) return `renditions: codecs or language of "${unsafe.id}" cannot stand in a playlist`;
  if (event.dvrWindowMs > maxDvrWindowMs) {
    return `dvrWindowMs ${event.dvrWindowMs} is more than this origin keeps (${maxDvrWindowMs})`;
  }
  if (event.state === 'ended' && event.endNumber === undefined) return 'an ended event needs endNumber';
  if (event.endNumber !== undefined && event.endNumber < event.startNumber) return 'endNumber is before startNumber';
  return null;
}

/**
 * An event's identity never changes: caches, players and playlists have computed with it. Only its state moves, forward,
 * and its end becomes known, once. So whichever pipeline speaks first has said what the event is.
 * @param newestPublished over all renditions; −1 when there is none
 */
export function compareAnnouncement(
  known: LiveEvent | undefined,
  offered: LiveEvent,
  newestPublished: number,
): AnnouncementVerdict {
  if (known === undefined) return { kind: 'created' };
  const differing = differingField(known, offered);
  if (differing !== null) return conflict(`${differing} differs from the event as it was first announced`);
  if (STATE_ORDER[offered.state] < STATE_ORDER[known.state]) {
    return conflict(`state cannot go from ${known.state} back to ${offered.state}`);
  }
  if (known.endNumber !== undefined && offered.endNumber !== known.endNumber) {
    return conflict(`endNumber is ${known.endNumber} already`);
  }
  if (offered.endNumber !== undefined && offered.endNumber < newestPublished) {
    return conflict(`endNumber ${offered.endNumber}: segment ${newestPublished} is published already`);
  }
  const same = offered.state === known.state && offered.endNumber === known.endNumber;
  return { kind: same ? 'unchanged' : 'updated' };
}

function differingField(known: LiveEvent, offered: LiveEvent): string | null {
  const identity = [
    'id',
    'availabilityStartMs',
    'segmentDurationMs',
    'startNumber',
    'dvrWindowMs',
    'renditions',
    'mediaTemplate',
    'initTemplate',
  ] as const;
  return identity.find((field) => canonical(known[field]) !== canonical(offered[field])) ?? null;
}

/** Both documents come from one schema, which puts the fields of an object in one order. */
function canonical(value: unknown): string {
  return JSON.stringify(value);
}

function conflict(reason: string): AnnouncementVerdict {
  return { kind: 'conflict', reason };
}
