import { readdirSync, readFileSync } from 'node:fs';

/** Linux tells processor time in ticks of USER_HZ, which is 100 on every architecture Node runs on (proc_pid_stat(5)). */
const TICK_US = 10_000;

export interface ProcessTime {
  pid: number;
  parentPid: number;
  /** user and system time of all its threads, and of its children that have ended and been waited for; in ticks */
  ticks: number;
}

/** Reads the text of /proc/<pid>/stat. The second field is the command in parentheses and may itself hold any character. */
export function parseProcessStat(text: string): ProcessTime {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // Counted from field 3: ppid is 4; utime, stime, cutime, cstime are 14 to 17.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid: Number.parseInt(text, 10), parentPid: Number(fields[1]), ticks };
}

/** The sum over a process and all its descendants. When one of them ends, its time passes to its parent's. */
export function treeTicks(processes: readonly ProcessTime[], rootPid: number): number {
  const family = new Set([rootPid]);
  for (let before = 0; before !== family.size;) {
    before = family.size;
    for (const { pid, parentPid } of processes) if (family.has(parentPid)) family.add(pid);
  }
  return processes.filter(({ pid }) => family.has(pid)).reduce((sum, { ticks }) => sum + ticks, 0);
}

/** Processor time that a process and its descendants have used so far, in microseconds, to 10 ms. */
export function cpuTimeUs(rootPid: number): number {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [parseProcessStat(readFileSync(`/proc/${name}/stat`, 'latin1'))];
      } catch {
        // It ended between the listing and the reading.
        return [];
      }
    });
  return treeTicks(processes, rootPid) * TICK_US;
}
