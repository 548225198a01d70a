/** Totals since the start. Every request ends in one of the first seven, or its client has gone. */
export function newStats() {
  return {
    requests: 0,
    hits: 0,
    staleHits: 0,
    revalidated: 0,
    collapsed: 0,
    misses: 0,
    passes: 0,
    refused: 0,
    fills: 0,
    fillsFailed: 0,
    leadersReplaced: 0,
    resumed: 0,
    stored: 0,
    evicted: 0,
  };
}

export type EdgeStats = ReturnType<typeof newStats>;
