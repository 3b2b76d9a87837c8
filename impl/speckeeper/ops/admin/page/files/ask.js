// Requests to this server. Who has signed in is kept here, in memory, and sent in a header.

let credentials = null;

/** Remember `user:password`, or forget it (null). */
export function signIn(text) {
  credentials = text;
}

/** Whether somebody has signed in. */
export function signedIn() {
  return credentials !== null;
}

/** Return the JSON of a GET; throws an Error with the server's words. */
export function ask(what, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  return send(`api/${what}${query ? `?${query}` : ""}`, {});
}

/** Return the JSON of a POST; throws an Error with the server's words. */
export function tell(what, body) {
  return send(`api/${what}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json" },
  });
}

async function send(url, options) {
  const headers = { ...options.headers };
  if (credentials !== null) {
    // A header takes bytes: those of UTF-8.
    const bytes = new TextEncoder().encode(credentials);
    headers.Authorization = `digest ${Array.from(bytes, (b) => String.fromCharCode(b)).join("")}`;
  }
  let response;
  try {
    response = await fetch(url, { ...options, headers, cache: "no-store", credentials: "omit" });
  } catch {
    throw new Error("the server does not answer");
  }
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new Error(`the server answers with HTTP status ${response.status}`);
  }
  if (!response.ok) throw new Error(answer.error || `HTTP status ${response.status}`);
  return answer;
}
