// Asks http-cache-semantics. A list of cases as JSON on stdin, a list of verdicts on
// stdout. What a case is, oracle_node.py says; nothing is judged here.
"use strict";

const CachePolicy = require("http-cache-semantics");

let clock = 0;

class Timed extends CachePolicy {
  now() {
    return clock;
  }
}

function verdict({ first, response, then, received, elapsed, shared }) {
  clock = received * 1000;
  const policy = new Timed(first, response, { shared });
  const ttl = policy.timeToLive() / 1000;
  clock += elapsed * 1000;
  return {
    storable: policy.storable(),
    satisfied: policy.satisfiesWithoutRevalidation(then),
    // The same question for those who revalidate behind the client's back.
    served: policy.evaluateRequest(then).response !== undefined,
    conditions: Object.keys(policy.revalidationHeaders(then)).filter(
      (name) => name === "if-none-match" || name === "if-modified-since",
    ),
    ttl,
  };
}

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => {
  text += chunk;
});
process.stdin.on("end", () => {
  process.stdout.write(JSON.stringify(JSON.parse(text).map(verdict)));
});
