/** What every simulation takes for granted or leaves out. They stand in each result. */
export const ASSUMPTIONS: readonly string[] = [
  'Everything here is simulated: nothing was measured on a network.',
  'Transfers are fluid flows that share links max-min fairly; round-trip times do not make shares unequal.',
  'Bodies begin at multiples of transport.tickMs, and what ended ones leave is shared out there: until then links carry a little less, never more.',
  'Links have no queues: a full link slows transfers down, and delays no packets.',
  'Slow start costs each transfer its round trips at the rate of its access line; losses are modelled only where a fault names them.',
  'Requests take one way and no room: only bodies and answer headers load links, in the direction they travel.',
  'A body that a cache is still receiving is passed on as it comes, and ends no sooner than there; its readers’ links are loaded from the first byte on.',
  'Connections between tiers are kept open with a grown window; viewers keep one for video, one for audio, one for documents.',
  'Sizes of segments are log-normal round their nominal size, the same picture in all renditions.',
  'Subscribers do not share access lines: one viewer a line.',
  'A server’s CPU is one queue, first come first served, with the stated cost for each request and megabyte.',
  'Reports of nodes reach steering at once; viewers reach steering in the nearest region.',
  'Costs bill the run’s 95th percentile of one-minute means as if it were the month’s.',
];
