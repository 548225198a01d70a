// Makes data/isps.csv from the npm package @ip-location-db/asn (65 MB), which is not a dependency, and the country
// database that is one:
//   mkdir /tmp/asn && npm install --prefix /tmp/asn @ip-location-db/asn@2.3.2026061719
//   node topology/world/make-isps.mjs /tmp/asn > topology/world/data/isps.csv
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import maxmind from 'maxmind';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node make-isps.mjs FOLDER (where @ip-location-db/asn is installed)');
  process.exit(2);
}
const file = resolve(folder, 'node_modules/@ip-location-db/asn/asn-ipv4.csv');
const { version } = JSON.parse(readFileSync(resolve(file, '../package.json'), 'utf8'));
const countries = await maxmind.open(
  createRequire(import.meta.url).resolve('@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb'),
);

const LARGEST_OF_A_COUNTRY = 8;
/** Smaller networks only add lines to the file. */
const LEAST_SHARE = 0.005;

// Many addresses and no subscribers, by name: clouds, hosting and content delivery; research and schools; the state;
// companies that hold old address space; dealers in addresses. A list of words errs both ways; that is accepted.
const NOT_ACCESS = new RegExp(
  [
    // Clouds, hosting, content
    'amazon|microsoft|google|apple inc|facebook|meta platforms|alibaba|tencent|byte ?plus|bytedance|huawei|oracle',
    'akamai|cloudflare|fastly|cdn|netflix|edgecast|gcore|g-core|zscaler|incapsula|imperva|salesforce|mongodb|\\bibm\\b',
    'cloud|host(?!el)|datacent|data ?cent(er|re)|server|vps|colo(cation|crossing)|hetzner|\\bovh|scaleway|leaseweb|contabo',
    'digital ?ocean|linode|vultr|constant company|choopa|m247|softlayer|rackspace|equinix|godaddy|selectel|worldstream',
    'ucloud|baidu|kingsoft|jingdong|zenlayer|psychz|quadranet|multacom|cyber_folks|serverius|aruba s\\.?p|ionos|\\bstrato\\b',
    'aceville|asline|\\baeza\\b|stark industries|datacamp|melbikomas|clouvider|home\\.pl|nazwa|netassets|scalaxy|xtom|misaka|kaopu',
    // Research and schools
    'universi|college|school|educa|academ|research|institut|science|scien[ct]i|polytechn|pesquisa|wissenschaft|forschung',
    '\\b(renater|surf b\\.v|jisc|heanet|garr|geant|cernet|cern|belnet|rediris|red\\.es|uninett|sunet|funet|nordunet|cesnet)\\b',
    '\\b(sanet|kreonet|aarnet|reannz|canarie|internet2|risq|arnes|grnet|restena|carnet|redclara|sikt|tenet|ernet|switch)\\b',
    'tubitak|national knowledge|\\b(kisti|twaren|tanet|pionier|nask|csuc|caltech)\\b|naukowa|ciencia|tecnologica|facult|hochschul',
    // The state
    'department of|ministr?[ye]|ministeri|ministere|ministerstv|government|govern|egov|federal|defen[cs]e|\\bdod\\b|military|\\barmy',
    'parliament|police|headquarters|dnic|provinc(e|ia) of|state of|city of|county|\\bnhs\\b|administra|municip|prefeitura',
    'public power|communications agency|serpro|dataprev|prodesp|procergs|informatics? (cent|agency)|shared services',
    // Companies and their old space
    'mercedes|daimler|ford motor|general electric|boeing|hewlett|\\bhp\\b|\\bdell\\b|intel corp|siemens|volkswagen|\\bbmw|bosch|basf',
    '\\bbanks?\\b|banco\\b|insurance|prudential|eli lilly|merck|pfizer|novartis|\\broche\\b|unilever|\\bshell\\b|electricite de france|\\bedf\\b|halliburton',
    'general motors|xerox|gatwick|airport|airlines|aerospace|raytheon|lockheed|nestle|\\bcisco|sap se|ericsson|nokia|samsung',
    'hospital|health|postal|\\bpost ag|railway|petrol|goldman|\\bmorgan|financ|sita |societe internationale|hitachi|fujitsu',
    'trading|consult|\\bgonet\\b|comcast business|t-systems|usps|walmart|disney|sony (group|corp)|panasonic|toyota|naver',
    // Dealers in addresses, exchanges, carriers that sell to networks
    'larus|luogelang|dingfeng|power line|yancy|ipxo|ipv4|logicweb|internet exchange|inter-exchange|\\bix\\b|gtt comm',
    'cogent|level 3|lumen tech|hurricane|arelion|telia carrier|zayo|pccw global|tata communications \\(america|ntt america',
    'telxius|seabone|sparkle|\\bretn\\b|global cloud xchange|gtt |verisign|neustar|vodafone group|seacom|angola cables|bics sa',
  ].join('|'),
  'i',
);
/** Names that carriers’ wholesale networks share with access networks of the same house. */
const WHOLESALE = new Set([702, 703, 174, 1273, 1299, 2914, 3257, 3356, 3491, 5511, 6453, 6461, 6762, 6939, 12956]);

const numeric = (address) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const dotted = (number) => [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join('.');

/** country → ASN → addresses; a range is looked up again at each /16, for large ones lie in more than one country. */
const addresses = new Map();
const names = new Map();
const ofNetwork = new Map();
for (const line of readFileSync(file, 'utf8').split(/\r?\n/)) {
  const row = /^([\d.]+),([\d.]+),(\d+),(?:"(.*)"|(.*))$/.exec(line);
  if (row === null) continue;
  const [asn, name, last] = [Number(row[3]), row[4]?.replaceAll('""', '"') ?? row[5], numeric(row[2])];
  names.set(asn, name);
  for (let first = numeric(row[1]); first <= last;) {
    const end = Math.min(last, (first | 0xffff) >>> 0);
    const country = countries.get(dotted(first))?.country_code;
    if (typeof country === 'string' && /^[A-Z]{2}$/.test(country)) {
      if (!addresses.has(country)) addresses.set(country, new Map());
      const counts = addresses.get(country);
      counts.set(asn, (counts.get(asn) ?? 0) + end - first + 1);
      ofNetwork.set(asn, (ofNetwork.get(asn) ?? 0) + end - first + 1);
    }
    first = end + 1;
  }
}

const quoted = (text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const cleaned = (name) => name.replaceAll('"', '').replace(/\s+/g, ' ').trim().slice(0, 60).trim();
const lines = [];
for (const [country, counts] of [...addresses].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  // A trace of a foreign network is a lease or a flaw of the country database, seldom subscribers.
  const access = [...counts].filter(
    ([asn, count]) =>
      !WHOLESALE.has(asn) &&
      names.get(asn) !== '' &&
      !NOT_ACCESS.test(names.get(asn)) &&
      (count >= 0.3 * ofNetwork.get(asn) || (count >= 0.05 * all && count >= 0.05 * ofNetwork.get(asn))),
  );
  const total = access.reduce((sum, [, count]) => sum + count, 0);
  access
    .sort(([a, ofA], [b, ofB]) => ofB - ofA || a - b)
    .slice(0, LARGEST_OF_A_COUNTRY)
    .filter(([, count]) => count >= LEAST_SHARE * total)
    .forEach(([asn, count]) => lines.push([country, asn, (count / total).toFixed(4), quoted(cleaned(names.get(asn)))]));
}

console.log(`# The largest access networks of each country, at most ${LARGEST_OF_A_COUNTRY}, and their share of the IPv4 addresses that the
# country's access networks announce. A share of addresses is a proxy for a share of subscribers, no measurement of it:
# old networks hold more addresses for each line than young ones, and mobile ones fewer. Which networks are access
# networks is guessed from their names (make-isps.mjs has the words).
# Data: @ip-location-db/asn ${version} (CC BY 4.0, https://creativecommons.org/licenses/by/4.0/): Route Views
# (https://www.routeviews.org/), DB-IP (https://db-ip.com), NRO (https://www.nro.net/); countries by
# @ip-location-db/geo-whois-asn-country (CC0). Counted, chosen and shortened by make-isps.mjs.
# ISO 3166-1 country, autonomous system number, share (0 to 1), name
country,asn,share,name
${lines.map((line) => line.join(',')).join('\n')}`);
