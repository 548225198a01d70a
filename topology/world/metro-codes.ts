/** Letters that Unicode does not take apart into a plain one and a mark. */
const UNMARKED: Readonly<Record<string, string>> = {
  ł: 'l',
  ø: 'o',
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  đ: 'd',
  ı: 'i',
  ð: 'd',
  þ: 'th',
};

/**
 * Short names for places, as airports have them: the first three letters where they are free, then other letters of the
 * name, at last a number. The earlier place has the choice.
 */
export function metroCodes<Place extends { name: string; country: string }>(
  places: readonly Place[],
): ReadonlyMap<Place, string> {
  const taken = new Set<string>();
  const codes = new Map<Place, string>();
  for (const place of places) {
    const code = firstFree(candidates(lettersOf(place.name), place.country.toLowerCase()), taken);
    taken.add(code);
    codes.set(place, code);
  }
  return codes;
}

function firstFree(candidates: Iterable<string>, taken: ReadonlySet<string>): string {
  for (const candidate of candidates) if (!taken.has(candidate)) return candidate;
  throw new Error('there is always another candidate');
}

function lettersOf(name: string): string {
  const plain = name
    .toLowerCase()
    .normalize('NFD')
    .replace(/[^a-z]/g, (letter) => UNMARKED[letter] ?? '');
  return plain === '' ? 'x' : plain;
}

function* candidates(letters: string, country: string): Generator<string> {
  if (letters.length >= 3) {
    for (let third = 2; third < letters.length; third++) yield letters.slice(0, 2) + letters[third]!;
    for (let second = 2; second < letters.length - 1; second++)
      yield letters[0]! + letters[second]! + letters[second + 1]!;
  }
  yield `${letters.slice(0, 4)}-${country}`;
  for (let number = 2; ; number++) yield `${letters.slice(0, 3)}-${country}${number}`;
}
