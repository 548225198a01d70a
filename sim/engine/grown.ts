type Numbers = Uint8Array | Int16Array | Int32Array | Uint32Array | Float64Array;

/** A larger array of the same kind that begins with what was in this one. */
export function grown<T extends Numbers>(from: T, size: number): T {
  const larger = new (from.constructor as new (length: number) => T)(size);
  larger.set(from);
  return larger;
}
