// The question: from the address bar to the form, from the form to a request, and back.

const FIELDS = ['ip', 'path', 'session', 'among', 'priority', 'playing'];

/** @returns the parameters of `/v1/explain`, those alone that are given */
export function readForm(form) {
  const parameters = new URLSearchParams();
  for (const name of FIELDS) {
    const value = form.elements[name].value.trim();
    if (value !== '') parameters.set(name, value);
  }
  const mbps = form.elements.mbps.value.trim().replace(',', '.');
  if (mbps !== '')
    parameters.set('nominalBps', /^\d*\.?\d+$/.test(mbps) ? String(Math.round(Number(mbps) * 1e6)) : mbps);
  return parameters;
}

export function fillForm(form, parameters) {
  for (const name of FIELDS) form.elements[name].value = parameters.get(name) ?? '';
  const bps = Number(parameters.get('nominalBps') ?? 0);
  form.elements.mbps.value = bps > 0 ? String(bps / 1e6) : '';
  const more = ['session', 'among', 'priority', 'playing', 'nominalBps'].some((name) => parameters.has(name));
  if (more) form.querySelector('details').open = true;
}

/** The same from a shell. The token itself stays out of it. */
export function curlCommand(parameters, withToken) {
  const url = `${location.origin}/v1/explain?${readable(parameters)}`;
  const header = withToken ? ' -H "Authorization: Bearer $UNDERCARD_ADMIN_TOKEN"' : '';
  return `curl -s${header} '${url.replaceAll("'", '%27')}'`;
}

/** Slashes, colons and commas need no escape in a query, and are easier to read without one. */
export function readable(parameters) {
  return parameters.toString().replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%2C', ',');
}
