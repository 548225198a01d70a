import { Option, type Command } from 'commander';
import { BadInput } from '../../runtime/bad-input.ts';
import type { SteeringPolicyConfig } from '../../steering/policy/steering-config.ts';
import type { Position } from '../../topology/model/site.ts';

export interface LocationFlags {
  topology?: string;
  policy?: SteeringPolicyConfig['policy'];
  coverageZones?: string;
  mmdb?: string[];
  defaultCountry?: string;
  defaultPosition?: string;
}

/** What clients are located by: for the service, and for the tool that shows it. */
export function addLocationFlags(command: Command): Command {
  return command
    .option('--topology <file>', 'networks, prefixes and links: sites in the order a client’s network hears them')
    .addOption(
      new Option(
        '--policy <name>',
        'order of sites: by network (the default; without --topology as nearest), nearest, or to compare',
      ).choices(['network', 'nearest', 'round-robin', 'random']),
    )
    .option(
      '--coverage-zones <file>',
      'who is sent where, whatever else is known of them (steering/README.md shows one)',
    )
    .option(
      '--mmdb <file>',
      'country, city or ASN MMDB; may be repeated, the first that knows something is believed (default, and where none knows countries: the CC0 country database that comes along)',
      (value: string, before?: string[]) => [...(before ?? []), value],
    )
    .option('--default-country <code>', 'where clients are taken to be of whom nothing is known, such as DE')
    .option('--default-position <position>', 'the same as latitude,longitude, such as 50.11,8.68');
}

/** As the service's configuration has them. @throws BadInput */
export async function locationConfigOf(flags: LocationFlags) {
  return {
    topologyFile: flags.topology,
    coverageZonesFile: flags.coverageZones,
    mmdbFiles: flags.mmdb ?? [],
    defaultPosition: await defaultPositionOf(flags),
  };
}

async function defaultPositionOf({ defaultCountry, defaultPosition }: LocationFlags): Promise<Position | undefined> {
  if (defaultPosition !== undefined) {
    if (defaultCountry !== undefined) {
      throw new BadInput('--default-country and --default-position say the same thing; give one of them');
    }
    return positionOf(defaultPosition);
  }
  if (defaultCountry === undefined) return undefined;
  const { loadCountryPositions } = await import('../../topology/load/country-positions.ts');
  const position = loadCountryPositions().get(defaultCountry.toUpperCase());
  if (position === undefined) {
    throw new BadInput(`--default-country: "${defaultCountry}" is no country; give an ISO 3166-1 code such as DE`);
  }
  return position;
}

function positionOf(text: string): Position {
  const [latitude, longitude, ...rest] = text
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (rest.length === 0 && Math.abs(latitude!) <= 90 && Math.abs(longitude ?? Number.NaN) <= 180) {
    return { latitude: latitude!, longitude: longitude! };
  }
  throw new BadInput(
    `--default-position: "${text}" is no position; give latitude,longitude in degrees, such as 50.11,8.68`,
  );
}
