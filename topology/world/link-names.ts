/** Names of links, from what they join; both the load and the file know a link by its name. */
export const linkNames = {
  access: (network: string, metro: string) => `access-${network}-${metro}`,
  /** a site’s port at its exchange */
  sitePort: (site: string) => `port-${site}`,
  networkPort: (network: string, exchange: string) => `port-${network}-${exchange}`,
  /** a private interconnect, or an embedded site’s link into its host */
  private: (site: string, network: string) => `private-${site}-${network}`,
  siteTransit: (site: string, network: string) => `transit-${site}-${network}`,
  networkTransit: (network: string, provider: string) => `transit-${network}-${provider}`,
  /** between carriers */
  mesh: (one: string, other: string) => `mesh-${one < other ? `${one}-${other}` : `${other}-${one}`}`,
  backbone: (from: string, to: string) => `backbone-${from}-${to}`,
};
