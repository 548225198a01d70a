import { nearestName } from '../../../topology/model/near-name.ts';
import { CASE_NAMES, isCaseName, type CaseName } from './test-cases.ts';

/** What a request says of the case it wants. */
export interface AskedCase {
  name: CaseName;
  /** so many right answers come first */
  after: number;
  /** answers that this session has had */
  turn: number;
  /** instead of the ranking's; null: the ranking's */
  ttlSeconds: number | null;
  delaySeconds: number;
}

/** `asked` is null where no case was asked for. */
export type CaseReading = { kind: 'read'; asked: AskedCase | null } | { kind: 'bad'; reason: string };

const DEFAULT_DELAY_SECONDS = 15;

/** Beside `case=`, each with its bounds. `turn` counts by itself. */
const NUMBERS = {
  after: { least: 0, most: 1000, sentence: 'so many right answers first (default 0)' },
  ttl: {
    least: 1,
    most: 3600,
    sentence: 'the TTL of right answers in seconds (default: as steering decides, 10 to 30)',
  },
  delay: { least: 1, most: 110, sentence: `seconds that slow takes (default ${DEFAULT_DELAY_SECONDS})` },
  turn: { least: 0, most: 1_000_000, sentence: 'answers so far: RELOAD-URI carries it on, nobody else needs it' },
} as const;

/** Name and sentence, for `GET /v1/cases`. */
export const CASE_PARAMETERS: readonly { name: string; sentence: string }[] = [
  { name: 'case', sentence: 'the case’s name' },
  ...Object.entries(NUMBERS).map(([name, { least, most, sentence }]) => ({
    name,
    sentence: `${sentence}; ${least} to ${most}`,
  })),
];

/** @param value looks a parameter up, percent-decoded */
export function readCase(value: (name: string) => string | null): CaseReading {
  const name = value('case');
  if (name === null) return { kind: 'read', asked: null };
  if (!isCaseName(name)) return { kind: 'bad', reason: unknownCase(name) };
  const numbers: Record<string, number | null> = {};
  for (const [parameter, { least, most }] of Object.entries(NUMBERS)) {
    const text = value(parameter);
    const number = text === null ? null : /^\d{1,7}$/.test(text) ? Number(text) : NaN;
    if (number !== null && !(number >= least && number <= most)) {
      return { kind: 'bad', reason: `${parameter}: a whole number from ${least} to ${most}` };
    }
    numbers[parameter] = number;
  }
  const { after, turn, ttl, delay } = numbers;
  const asked = {
    name,
    after: after ?? 0,
    turn: turn ?? 0,
    ttlSeconds: ttl ?? null,
    delaySeconds: delay ?? DEFAULT_DELAY_SECONDS,
  };
  return { kind: 'read', asked };
}

/** Whether this answer is the case's, or still a right one. */
export function applies({ after, turn }: AskedCase): boolean {
  return turn >= after;
}

/** The parameters that carry a case on. */
export function caseQuery({ name, after, turn, ttlSeconds, delaySeconds }: AskedCase): string[] {
  return [
    `case=${name}`,
    ...(after === 0 ? [] : [`after=${after}`]),
    ...(ttlSeconds === null ? [] : [`ttl=${ttlSeconds}`]),
    ...(delaySeconds === DEFAULT_DELAY_SECONDS ? [] : [`delay=${delaySeconds}`]),
    ...(turn === 0 ? [] : [`turn=${turn}`]),
  ];
}

/** One answer later; at the end the last two turns alternate, so that what flaps goes on. */
export function nextTurn(asked: AskedCase): AskedCase {
  const { most } = NUMBERS.turn;
  return { ...asked, turn: asked.turn >= most ? most - 1 : asked.turn + 1 };
}

function unknownCase(name: string): string {
  const near = nearestName(name.slice(0, 64), CASE_NAMES);
  return `case: there is none of this name; ${near === null ? '' : `did you mean ${near}? `}GET /v1/cases lists them`;
}
