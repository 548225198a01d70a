/** What we use of consistent-hash 1.2.2, which ships no types. */
declare module 'consistent-hash' {
  export default class ConsistentHash<Node> {
    constructor(options?: { range?: number; weight?: number });
    /** Always give `points`: without them it draws random ones, and two processes disagree. */
    add(node: Node, weight: number, points: number[]): this;
    get(name: string, count: number): Node[] | null;
  }
}
