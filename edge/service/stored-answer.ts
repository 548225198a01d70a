import type { HeaderBlock } from '../../runtime/header-block.ts';
import type { Fields } from '../policy/freshness.ts';
import type { FieldList } from './answer-fields.ts';

/** A response as it came from above, made ready to be sent on. */
export interface StoredAnswer {
  readonly status: number;
  /** end-to-end fields as they came */
  readonly fieldList: FieldList;
  /** the same, for conditions and revalidation */
  readonly fields: Fields;
  readonly block: HeaderBlock | null;
  /** −1 when it was not told */
  readonly lengthBytes: number;
  /** when it came */
  readonly ageMs: number;
  readonly ttlMs: number;
  /** null while it is arriving */
  readonly body: Buffer | null;
}
