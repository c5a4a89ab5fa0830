// Asking the management API of the gateway that has served the page.

/** What the API says of a request that it does not serve (RFC 9457). `wait` is in seconds, if it says so. */
export class Problem extends Error {
  constructor(status, { detail = "", errors = [] }, wait) {
    super(detail);
    Object.assign(this, { status, detail, errors, wait });
  }
}

/** Return the answer's JSON, undefined if it has none; throw a Problem if the API refuses. */
export async function call(method, path, body, headers = {}) {
  const typed = body === undefined ? {} : { "content-type": "application/json" };
  const answer = await fetch(path, {
    method,
    headers: { accept: "application/json", ...typed, ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
  });
  if (answer.status === 204) return undefined;
  const said = await answer.json();
  if (!answer.ok) throw new Problem(answer.status, said, Number(answer.headers.get("retry-after")) || undefined);
  return said;
}
