import test from 'ava';
import { factsOf } from './geo-record.ts';

const NOTHING = { country: null, subdivision: null, city: null, position: null, asn: null };

test('records of GeoLite2 and DB-IP: nested', (t) => {
  t.deepEqual(
    factsOf({
      city: { geoname_id: 2867714, names: { de: 'München', en: 'Munich' } },
      country: { iso_code: 'DE', names: { en: 'Germany' } },
      location: { accuracy_radius: 20, latitude: 48.15, longitude: 11.58, time_zone: 'Europe/Berlin' },
      subdivisions: [{ iso_code: 'BY', names: { en: 'Bavaria' } }],
    }),
    { country: 'DE', subdivision: 'DE-BY', city: 'Munich', position: { latitude: 48.15, longitude: 11.58 }, asn: null },
  );
  t.deepEqual(factsOf({ autonomous_system_number: 3320, autonomous_system_organization: 'Deutsche Telekom AG' }), {
    ...NOTHING,
    asn: 3320,
  });
});

test('records of ip-location-db and IPinfo: flat', (t) => {
  const munich = { country: 'DE', city: 'Munich', position: { latitude: 48.15, longitude: 11.58 } };
  t.deepEqual(
    factsOf({ city: 'Munich', country_code: 'DE', latitude: 48.15, longitude: 11.58, state1: 'Bavaria', state2: '' }),
    { ...NOTHING, ...munich },
  );
  t.deepEqual(
    factsOf({
      city: 'Munich',
      country: 'DE',
      lat: '48.15',
      lng: '11.58',
      region: 'Bavaria',
      region_code: 'BY',
      asn: 'AS3320',
    }),
    { ...munich, subdivision: 'DE-BY', asn: 3320 },
  );
});

test('the middle of a country is no position of anybody', (t) => {
  const middle = { latitude: 37.751, longitude: -97.822 };
  t.is(factsOf({ country: { iso_code: 'US' }, location: { accuracy_radius: 1000, ...middle } }).position, null);
  t.is(factsOf({ city: '', country_code: 'US', ...middle, state1: '' }).position, null);
  t.deepEqual(factsOf({ country_code: 'US', ...middle, state1: 'Kansas' }).position, middle);
});

test('what is not as it should be is not said', (t) => {
  for (const record of [
    {},
    { country_code: 'Germany', asn: 'X', latitude: 'north', longitude: 3 },
    { country: { iso_code: 7 }, subdivisions: [null], location: null, autonomous_system_number: -1 },
    { country: null, subdivisions: 'BY', city: 7, location: 'x', autonomous_system_number: 2 ** 32 },
    { city: 'X', latitude: 91, longitude: 0 },
    { city: 'X', latitude: 0, longitude: Number.NaN },
  ]) {
    const { city: _city, ...facts } = factsOf(record);
    t.deepEqual(facts, { country: null, subdivision: null, position: null, asn: null }, JSON.stringify(record));
  }
  t.is(factsOf({ country_code: 'DE', subdivisions: [{ iso_code: 'much too long' }] }).subdivision, null);
});
