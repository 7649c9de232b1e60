// Calls to the service. The key, if one is needed, lives in this module and nowhere else.

let key = "";

export function useKey(value) {
  key = value.trim();
}

export class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

// Returns {content, headers, milliseconds}; throws Refused for an answer that is a problem.
export async function call(path, body) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  const options = { headers, cache: "no-store" };
  if (body !== undefined) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    headers["content-type"] = "application/json";
  }
  const started = performance.now();
  const response = await fetch(path, options);
  const content = await response.json();
  const milliseconds = performance.now() - started;
  if (!response.ok) throw new Refused(content);
  return { content, headers: response.headers, milliseconds };
}
