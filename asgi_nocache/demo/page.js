// What the page does: two sides, each asking, saving and asking again exactly as
// an ordinary page would. Words belong in page.html except where they depend on
// what happened. Everything typed goes through textContent, never into markup.

const SIDES = [
  {
    name: "without",
    title: "Without the policy",
    mount: () => [`Mount("/without", items_app)`],
  },
  {
    name: "with",
    title: "With the policy",
    // In <mark>: the one difference between the sides.
    mount: () => [`Mount("/with", `, mark("NoCacheMiddleware("), `items_app`, mark(")"), `)`],
  },
];

// Fields that say something about reuse. The first is missed where it is absent.
const FIELDS = ["cache-control", "expires", "pragma", "age", "etag", "last-modified"];

const VERDICTS = {
  waiting: { sign: "…", title: "Nothing saved yet." },
  stale: { sign: "✕", title: "Stale: the saved item is missing." },
  fresh: { sign: "✓", title: "Fresh: the saved item is there." },
  error: { sign: "!", title: "That did not work." },
};

class Side {
  constructor({ name, title, mount }, visit) {
    const template = document.getElementById("side");
    this.node = template.content.cloneNode(true).firstElementChild;
    this.node.dataset.side = name;
    this.node.dataset.state = "busy";
    this.visit = `?visit=${visit}`;
    this.path = name;
    this.asked = 0;

    const heading = this.part("title");
    heading.textContent = title;
    heading.id = `${name}-title`;
    this.node.setAttribute("aria-labelledby", heading.id);
    this.part("mount").append(...mount());
    this.part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.run(() => this.save());
    });
    this.judge("waiting", "Save one to see whether the dropdown shows it.");
  }

  part(role) {
    return this.node.querySelector(`[data-role="${role}"]`);
  }

  // One thing at a time; a button pressed twice saves once. The button is not
  // disabled meanwhile, which would drop the keyboard's focus.
  async run(work) {
    if (this.running) return;
    this.running = true;
    this.node.dataset.state = "busy";
    try {
      await work();
    } catch (error) {
      const why = error instanceof TypeError ? "The demo does not answer. Is it still running?" : error.message;
      this.judge("error", why);
    } finally {
      this.running = false;
      this.node.dataset.state = "ready";
    }
  }

  // The default fetch mode on purpose: the browser may answer from its cache.
  async load() {
    this.asked += 1;
    const response = await answered(fetch(`${this.path}/items${this.visit}`));
    const { items } = await response.json();
    this.showItems(items);
    this.showFields(response.headers);
    return items;
  }

  async save() {
    const field = this.part("name");
    const saving = fetch(`${this.path}/items/save${this.visit}`, { method: "POST", body: field.value });
    const saved = await (await answered(saving)).json();
    const items = await this.load();
    if (items.some((item) => item.id === saved.id)) {
      this.judge("fresh", `“${saved.name}” was saved and the browser asked the origin for the new list.`);
    } else {
      this.judge("stale", `“${saved.name}” was saved, but the browser reused the list it had stored.`);
    }
    field.value = "";
    await this.count();
  }

  // Not part of the experiment, so kept out of every cache.
  async count() {
    const response = await answered(fetch(`${this.path}/origin${this.visit}`, { cache: "no-store" }));
    const { list_requests: origin } = await response.json();
    const counts = { asked: this.asked, cached: this.asked - origin, origin };
    for (const [role, count] of Object.entries(counts)) this.part(role).textContent = count;
    this.part("cached").dataset.any = counts.cached > 0;
  }

  showItems(items) {
    const options = items.map(({ id, name }) => new Option(name, id));
    this.part("list").replaceChildren(...options);
    // The newest one known, so that a closed dropdown tells the sides apart.
    this.part("list").selectedIndex = items.length - 1;
  }

  showFields(headers) {
    const lines = FIELDS.filter((name) => headers.has(name)).map((name) => fieldLine(name, headers.get(name)));
    if (!headers.has(FIELDS[0])) lines.unshift(fieldLine(FIELDS[0], null));
    this.part("fields").replaceChildren(...lines);
  }

  judge(verdict, text) {
    const { sign, title } = VERDICTS[verdict];
    this.part("verdict").dataset.verdict = verdict;
    this.part("sign").textContent = sign;
    this.part("verdict-title").textContent = title;
    this.part("verdict-text").textContent = text;
  }
}

// The page's fetch() with refusals as errors, in the demo's own words.
async function answered(promise) {
  const response = await promise;
  if (!response.ok) throw new Error(await response.text());
  return response;
}

function mark(text) {
  const node = document.createElement("mark");
  node.textContent = text;
  return node;
}

function fieldLine(name, value) {
  const line = document.createElement("li");
  const term = document.createElement("b");
  term.textContent = `${name}:`;
  line.append(term);
  // A directive or a date is read as one, so a line breaks between them only.
  for (const part of (value ?? "not sent").split(/(?<=,) /)) {
    const span = document.createElement("span");
    span.textContent = part;
    line.append(" ", span);
  }
  if (value === null) line.className = "absent";
  return line;
}

// A new list URL for each visit, so that nothing stored earlier answers. (Not
// randomUUID, which browsers offer to secure origins only.)
function newVisit() {
  const numbers = crypto.getRandomValues(new Uint32Array(2));
  return Array.from(numbers, (number) => number.toString(36)).join("-");
}

function start() {
  const visit = newVisit();
  const sides = SIDES.map((side) => new Side(side, visit));
  document.getElementById("sides").replaceChildren(...sides.map((side) => side.node));
  for (const side of sides) {
    // The first load puts the list into the browser's cache, where it may.
    side.run(async () => {
      await side.load();
      await side.count();
    });
  }
}

document.getElementById("reset").addEventListener("click", start);
start();
