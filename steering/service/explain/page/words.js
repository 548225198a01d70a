// What a reason says, in a sentence; a test holds them against policy/reasons.ts. Tone: for the eye, never alone.

export const WORDS = {
  'coverage-zone': ['place', 'a coverage zone of the operator names the site'],
  embedded: ['place', 'the site stands inside the viewer’s network'],
  private: ['place', 'the viewer’s network is joined to the site by a private interconnect'],
  peering: ['place', 'the viewer’s network hears the site by public peering'],
  transit: ['place', 'the viewer’s network hears the site only through a transit network'],
  'nearest-site': ['place', 'no site is nearer'],
  'farther-site': ['place', 'another site is nearer'],
  'default-place': ['place', 'where the viewer is, is unknown: by distance from the place that the operator states'],
  'default-order': ['place', 'where the viewer is, is unknown: the order of the sites file'],
  'same-country': ['place', 'site and viewer are in one country'],
  'in-turn': ['place', 'the round-robin policy, to compare with'],
  'by-chance': ['place', 'the random policy, to compare with'],
  owner: ['plain', 'the site’s ring gives it this session first'],
  'stand-in': ['plain', 'the site’s ring gives this session to another server first'],
  healthy: ['good', 'nothing speaks against it'],
  recovering: ['warn', 'its share of sessions grows again after a failure, a restart or a drain'],
  busy: ['warn', 'its egress is close to its capacity'],
  errors: ['bad', 'a share of its answers are errors'],
  'late-loop': ['warn', 'its event loop runs late'],
  unheard: ['warn', 'it has not reported since steering started'],
  suspect: ['warn', 'its reports are late'],
  probation: ['warn', 'it reports again after it was down, not yet often enough'],
  draining: ['bad', 'it is being drained'],
  down: ['bad', 'its reports have stopped'],
  unreported: ['warn', 'its reports have stopped, but probes or players reach it'],
  'probe-fails': ['bad', 'it does not answer steering’s own probes, whatever it reports'],
  'players-fail': ['bad', 'players of several networks tell of failures there'],
  'turned-away': ['bad', 'its health leaves it a share of its sessions only, and this one belongs to the rest'],
  spilled: ['warn', 'it fills up: this session belongs to the share that goes on to the next server'],
  full: ['bad', 'the session’s bitrate does not fit in any more'],
  'over-bound': ['warn', 'it has more than its part of the site’s load: the next of the ring is asked first'],
  'path-fails': ['bad', 'viewers of this network fail at this site'],
  explored: ['plain', 'this session is one of the few that try whether it has recovered'],
  'plays-here': ['good', 'the session plays from it already'],
  'by-weight': ['plain', 'the session belongs to the share of this CDN that weights alone decide'],
  commitment: ['plain', 'the session belongs to the share that uses up this CDN’s commitment in time'],
  cheapest: ['plain', 'the next bytes cost least with this CDN'],
  backup: ['plain', 'used only where no other CDN can serve'],
  'outside-footprint': ['bad', 'the viewer is none that this CDN serves'],
};

/** The first of these says why a server was passed over. */
const DECISIVE = [
  'down',
  'draining',
  'probe-fails',
  'unreported',
  'full',
  'suspect',
  'probation',
  'unheard',
  'spilled',
  'turned-away',
  'over-bound',
];

export function toneOf(reason) {
  return WORDS[reason]?.[0] ?? 'plain';
}

export function meaningOf(reason) {
  return WORDS[reason]?.[1] ?? 'a word this page does not know yet';
}

export function decisiveOf({ reasons }) {
  return DECISIVE.find((word) => reasons.includes(word));
}

/** What became of a candidate, and why, for one line. */
export function outcomeOf(candidate) {
  const { rank, taken } = candidate;
  const decisive = decisiveOf(candidate);
  const because = decisive === undefined ? '' : `: ${meaningOf(decisive)}`;
  if (rank === undefined) return taken ? 'would take it, but enough others come first' : `passed over${because}`;
  if (!taken) return `named as a last resort${because}`;
  return rank === 0 ? 'first choice' : 'stands by';
}

export function ordinal(number) {
  const tail = number % 100 > 10 && number % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th');
  return `${number}${tail}`;
}
