import highsModule from 'highs';

// Its types are those of a CommonJS module, whose default export is one level deeper than that of what Node loads.
const loadHighs = highsModule as unknown as typeof highsModule.default;

/** One way that a site's bytes can take to the viewers of a place. */
export interface CarryingRoute {
  site: number;
  place: number;
  /** directed links, by number */
  links: readonly number[];
  /** of all its links together, for each Mbit/s */
  price: number;
}

/** What is to be carried, and what can carry it. Rates are Mbit/s. */
export interface CarryingProblem {
  /** by place */
  demand: readonly number[];
  /** by site: of all its servers */
  siteCapacity: readonly number[];
  linkCapacity(link: number): number;
  routes: readonly CarryingRoute[];
}

export interface Optimum {
  /** of what is carried */
  cost: number;
  /** Mbit/s that nothing can carry */
  unserved: number;
  /** by route: Mbit/s */
  carried: readonly number[];
}

/** More than any way costs: demand is left unserved only where it cannot be carried. */
const UNSERVED_PRICE = 1e5;
/** Less is rounding of the solver. */
const LEAST_MBPS = 1e-6;

/** Carries all that can be carried, as cheaply as can be: a linear program, solved by HiGHS. @throws Error without a solution */
export async function optimumOf(problem: CarryingProblem): Promise<Optimum> {
  const highs = await loadHighs();
  const solution = highs.solve(linearProgram(problem));
  if (solution.Status !== 'Optimal') throw new Error(`the linear program has no optimum: ${solution.Status}`);
  const value = (name: string): number => {
    const column = solution.Columns[name];
    const primal = column !== undefined && 'Primal' in column ? column.Primal : 0;
    return primal < LEAST_MBPS ? 0 : primal;
  };
  const carried = problem.routes.map((_route, index) => value(`x${index}`));
  return {
    cost: carried.reduce((sum, rate, index) => sum + rate * problem.routes[index]!.price, 0),
    unserved: problem.demand.reduce((sum, _demand, place) => sum + value(`u${place}`), 0),
    carried,
  };
}

/** In CPLEX's LP format; lines are short, for readers of it bound them. */
export function linearProgram({ demand, siteCapacity, linkCapacity, routes }: CarryingProblem): string {
  const objective = [
    ...routes.map(({ price }, index) => `+ ${price} x${index}`),
    ...demand.map((_demand, place) => `+ ${UNSERVED_PRICE} u${place}`),
  ];
  const rows = demand.map((rate, place) => [
    ...routes.flatMap((route, index) => (route.place === place ? [`+ x${index}`] : [])),
    `+ u${place} = ${rate}`,
  ]);
  const bound = (uses: (route: CarryingRoute) => boolean, capacity: number) => {
    const terms = routes.flatMap((route, index) => (uses(route) ? [`+ x${index}`] : []));
    if (terms.length > 0) rows.push([...terms, `<= ${capacity}`]);
  };
  siteCapacity.forEach((capacity, site) => bound((route) => route.site === site, capacity));
  for (const link of new Set(routes.flatMap(({ links }) => links)))
    bound(({ links }) => links.includes(link), linkCapacity(link));
  return [
    'Minimize',
    ' cost:',
    ...objective.map((term) => `  ${term}`),
    'Subject To',
    ...rows.map((terms, row) => ` r${row}: ${terms.join('\n  ')}`),
    'End',
    '',
  ].join('\n');
}
