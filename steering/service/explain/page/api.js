// Asks steering, with the token where one is needed. A failure is one clear line.

const TOKEN = 'undercard-admin-token';
const PATIENCE_MS = 8000;

/** What went wrong, in words for people; `needsToken`: the listener wants one. */
export class Problem extends Error {
  constructor(message, { field = null, needsToken = false } = {}) {
    super(message);
    this.field = field;
    this.needsToken = needsToken;
  }
}

export function tokenGiven() {
  return sessionStorage.getItem(TOKEN);
}

export function giveToken(token) {
  if (token === '') sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

export async function ask(path) {
  const token = tokenGiven();
  let response;
  try {
    response = await fetch(path, {
      headers: token === null ? {} : { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new Problem('Steering does not answer: it is stopped, or the way to it is cut.');
  }
  if (response.status === 401) {
    throw new Problem(token === null ? 'This listener wants the admin token.' : 'That token is not the one.', {
      needsToken: true,
    });
  }
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new Problem(`Steering answered ${response.status} with something that is not JSON.`);
  }
  if (!response.ok) {
    const { detail = `status ${response.status}`, field = null } = answer;
    throw new Problem(detail, { field });
  }
  return answer;
}
