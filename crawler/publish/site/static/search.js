/* Searches the index beside this site, from any web server or from a folder: script files, loaded as they are needed.
   Text goes into the page as text, never as HTML. How the index is written: crawler/publish/site/index.py. */
"use strict";

const waiting = new Map();
window.citizenNews = (name, value) => waiting.get(name)(value);

function load(name) {
  return new Promise((resolve, reject) => {
    waiting.set(name, resolve);
    const script = document.createElement("script");
    script.src = `search/${name}.js`;
    script.onerror = () => reject(new Error(`search/${name}.js`));
    document.head.append(script);
  });
}

function remembered(make) {
  const made = new Map();
  return (key) => {
    if (!made.has(key)) made.set(key, make(key));
    return made.get(key);
  };
}

const escaped = (text) => text.replace(/[\\^\]-]/g, "\\$&");

/* The words of a query, as crawler/publish/browse/rows.py sees them: phrases of tokens. */
function phrasesOf(query, index) {
  const quotes = new RegExp(`[${escaped(index.quotes)}]`, "gu");
  const stops = new RegExp(`[${index.stops}]+`, "u");
  const single = new RegExp(index.single, "gu");
  const phrases = [];
  for (const [, quoted, word] of query.replace(/\p{Cc}/gu, " ").replace(quotes, '"').matchAll(/"([^"]*)"|([^\s"]+)/gu)) {
    for (const clause of (quoted ?? word).split(stops)) {
      const spaced = clause.normalize("NFKC").replace(single, " $1 ").toLowerCase();
      const tokens = spaced.match(/[\p{L}\p{N}]+|[\ue000-\uf8ff]/gu);
      if (tokens) phrases.push(tokens);
    }
  }
  return phrases;
}

const termsOf = (tokens) => (tokens.length === 1 ? tokens : tokens.slice(1).map((token, at) => `${tokens[at]} ${token}`));

/* Which articles a list of the index names: a byte for each article. */
function decoded(text, index) {
  const marks = new Uint8Array(index.articles);
  const values = new Map([...index.digits].map((digit, value) => [digit, value]));
  if (text.startsWith(index.map)) {
    [...text.slice(1)].forEach((digit, at) => {
      for (let bit = 0; bit < 6; bit += 1) if ((values.get(digit) >> bit) & 1) marks[at * 6 + bit] = 1;
    });
    return marks;
  }
  const base = index.digits.length / 2;
  let last = -1;
  let step = 0;
  let weight = 1;
  for (const digit of text) {
    const value = values.get(digit);
    step += (value % base) * weight;
    weight *= base;
    if (value < base) {
      last += step + 1;
      marks[last] = 1;
      step = 0;
      weight = 1;
    }
  }
  return marks;
}

function hash(term) {
  let hashed = 0;
  for (const each of term) hashed = (hashed * 31 + each.codePointAt(0)) % 16777216;
  return hashed;
}

const file = remembered(async (number) => {
  const rows = (await load(`t${number}`)).split("|").map((row) => row.split(","));
  return new Map(rows.map((row) => [row[0], row]));
});

/* The articles that have a term, anywhere or only in the title. */
async function having(term, inTitle, index) {
  const row = (await file(hash(term) % index.files)).get(term);
  return decoded(row ? row[inTitle ? 2 : 1] : "", index);
}

const FACETS = {year: () => say("Year"), category: () => say("Section"), author: () => say("Byline"), tag: () => say("Tag")};

function wantedOf(search) {
  const given = new URLSearchParams(search);
  const names = Object.keys(FACETS).filter((name) => given.get(name));
  const chosen = Object.fromEntries(names.map((name) => [name, given.get(name)]));
  const text = (given.get("q") ?? "").slice(0, 200).trim();
  const page = /^[0-9]{1,6}$/.test(given.get("page") ?? "") ? Math.max(1, Number(given.get("page"))) : 1;
  return {text, chosen, newest: given.get("sort") === "newest", page};
}

function addressOf(wanted) {
  const given = {...(wanted.text ? {q: wanted.text} : {}), ...wanted.chosen};
  if (wanted.newest) given.sort = "newest";
  if (wanted.page > 1) given.page = wanted.page;
  return `search.html?${new URLSearchParams(given)}`;
}

/* Periods are months, newest first, each with the number of its articles. */
function inPeriod(value, index) {
  const marks = new Uint8Array(index.articles);
  let start = 0;
  for (const [period, count] of index.periods) {
    if (period === value || period.startsWith(`${value}-`)) marks.fill(1, start, start + count);
    start += count;
  }
  return marks;
}

function countByYear(marks, index) {
  const counts = new Map();
  let start = 0;
  for (const [period, count] of index.periods) {
    const year = period.split("-")[0];
    const here = marks.subarray(start, start + count).reduce((sum, one) => sum + one, 0);
    counts.set(year, (counts.get(year) ?? 0) + here);
    start += count;
  }
  return [...counts].filter(([, count]) => count);
}

function both(sets, length) {
  const marks = new Uint8Array(length).fill(1);
  for (const set of sets) for (let at = 0; at < length; at += 1) marks[at] &= set[at];
  return marks;
}

/* The places of all articles that fit, those with the words in their titles first, and how many there are of each year. */
async function find(wanted, phrases, index) {
  const terms = [...new Set(phrases.flatMap(termsOf))];
  const facets = Object.entries(wanted.chosen).filter(([name]) => name !== "year");
  const words = await Promise.all(terms.map((term) => having(term, false, index)));
  const chosen = await Promise.all(facets.map(([name, value]) => having(`${name}=${encodeURIComponent(value)}`, false, index)));
  const found = both([...words, ...chosen], index.articles);
  if (wanted.text && !terms.length) found.fill(0);
  const years = countByYear(found, index);
  const within = wanted.chosen.year ? both([found, inPeriod(wanted.chosen.year, index)], index.articles) : found;
  const places = [...within.keys()].filter((place) => within[place]);
  if (wanted.newest || !terms.length) return {places, years};
  const titled = both(await Promise.all(terms.map((term) => having(term, true, index))), index.articles);
  return {places: [...places.filter((place) => titled[place]), ...places.filter((place) => !titled[place])], years};
}

function finder(phrases, index) {
  if (!phrases.length) return null;
  const between = `(?:(?![${index.stops}])[^\\p{L}\\p{N}])*`;
  const latin = /^[0-9A-Za-z]+$/;
  const pattern = (token) => (latin.test(token) ? `(?<![0-9A-Za-z])${token}(?![0-9A-Za-z])` : token);
  const patterns = phrases.map((tokens) => tokens.map(pattern).join(between));
  return new RegExp(patterns.sort((one, other) => other.length - one.length).join("|"), "giu");
}

/* An element with texts and other elements in it. */
function element(name, values, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/* A phrase in both languages, of which the style sheet shows one: crawler/publish/words.py. */
function bilingual(chinese, english) {
  return chinese === english ? english : element("span", {}, element("in-zh", {lang: "zh-Hant-HK"}, chinese), element("in-en", {lang: "en"}, english));
}

let chinese = {};

function say(english, values = {}) {
  const filled = (text) => text.replace(/\{(\w+)\}/g, (_, name) => (name === "s" ? (values.n === 1 ? "" : "s") : values[name].toLocaleString("en")));
  return bilingual(filled(chinese[english]), filled(english));
}

function marked(text, sought) {
  const pieces = [];
  let end = 0;
  for (const found of sought ? text.matchAll(sought) : []) {
    pieces.push(text.slice(end, found.index), element("mark", {}, found[0]));
    end = found.index + found[0].length;
  }
  return [...pieces, text.slice(end)];
}

function day(date) {
  if (!date) return say("Date unknown");
  const [year, month, number] = date.split("-").map(Number);
  const asked = {day: "numeric", month: "long", year: "numeric", timeZone: "UTC"};
  const english = new Date(`${date}T00:00Z`).toLocaleDateString("en-GB", asked);
  return element("time", {datetime: date}, bilingual(`${year}年${month}月${number}日`, english));
}

function item([id, title, date, author, category, summary], found) {
  const by = element("p", {class: "by"}, day(date));
  if (author) by.append(element("span", {}, ...marked(author, found)));
  if (category) by.append(element("span", {}, category));
  const href = `article/${Math.floor(id / 1000)}/${id}.html`;
  const head = element("h2", {}, element("a", {href}, ...(title ? marked(title, found) : [say("(untitled)")])));
  return element("li", {}, element("article", {}, head, by, element("p", {class: "excerpt"}, ...marked(summary, found))));
}

const label = (name, value) => (name === "year" && value === "unknown" ? say("Date unknown") : value);

function without(chosen, name) {
  return Object.fromEntries(Object.entries(chosen).filter(([other]) => other !== name));
}

function chips(wanted) {
  const links = Object.entries(wanted.chosen).map(([name, value]) => {
    const href = addressOf({...wanted, chosen: without(wanted.chosen, name), page: 1});
    return element("a", {class: "chip", href}, FACETS[name](), ": ", label(name, value), " ✕");
  });
  return element("p", {class: "chips"}, ...links);
}

function orders(wanted) {
  const links = [[false, say("Best match")], [true, say("Newest")]].map(([newest, name]) => {
    const current = newest === wanted.newest ? {"aria-current": "true"} : {};
    return element("a", {href: addressOf({...wanted, newest, page: 1}), ...current}, name);
  });
  return element("p", {class: "orders"}, say("Order"), " ", ...links);
}

function narrowing(wanted, years) {
  const items = years.map(([year, count]) => {
    const mine = wanted.chosen.year === year;
    const chosen = mine ? without(wanted.chosen, "year") : {...wanted.chosen, year};
    const current = mine ? {class: "chosen", "aria-current": "true"} : {};
    const value = element("span", {class: "value"}, mine ? "✕ " : "", label("year", year));
    const number = element("span", {class: "count"}, count.toLocaleString("en"));
    return element("li", {}, element("a", {href: addressOf({...wanted, chosen, page: 1}), ...current}, value, " ", number));
  });
  return element("section", {class: "facet"}, element("h2", {}, FACETS.year()), element("ul", {}, ...items));
}

function paging(wanted, page, pages) {
  const way = (to, rel, ...text) =>
    to < 1 || to > pages ? element("span", {}) : element("a", {rel, href: addressOf({...wanted, page: to})}, ...text);
  return element(
    "nav",
    {class: "paging", "aria-labelledby": "pages"},
    element("span", {class: "unseen", id: "pages"}, say("Pages")),
    way(page - 1, "prev", "← ", say("Previous page")),
    element("span", {class: "where"}, `${page} / ${pages}`),
    way(page + 1, "next", say("Next page"), " →"),
  );
}

function nothing(wanted, phrases) {
  const wordless = wanted.text && !phrases.length;
  const why = wordless ? say("There is no word in this to search for.") : say("Nothing fits. Try a shorter word, or clear what narrows the list.");
  return element("p", {class: "empty"}, why);
}

function heading(wanted, total) {
  const told = wanted.text ? say("“{words}”: {n} article{s}", {words: wanted.text, n: total}) : say("{n} article{s}", {n: total});
  return element("h1", {class: "total"}, told);
}

async function show() {
  const wanted = wantedOf(location.search);
  const form = document.querySelector("form.search");
  form.elements.q.value = wanted.text;
  for (const [name, value] of Object.entries(wanted.chosen)) form.append(element("input", {type: "hidden", name, value}));
  if (wanted.text) {
    const title = document.querySelector("title");
    for (const language of ["zh", "en"]) title.dataset[language] = `${wanted.text} — ${title.dataset[language]}`;
    document.title = `${wanted.text} — ${document.title}`;
  }
  const index = await load("index");
  chinese = index.words;
  const phrases = phrasesOf(wanted.text, index);
  const {places, years} = await find(wanted, phrases, index);
  const pages = Math.max(1, Math.ceil(places.length / index.page));
  const page = Math.min(wanted.page, pages);
  const first = (page - 1) * index.page;
  const rows = remembered((number) => load(`r${number}`));
  const row = async (place) => (await rows(Math.floor(place / index.rows)))[place % index.rows];
  const shown = await Promise.all(places.slice(first, first + index.page).map(row));
  const parts = [heading(wanted, places.length)];
  if (Object.keys(wanted.chosen).length) parts.push(chips(wanted));
  if (phrases.length && places.length > 1) parts.push(orders(wanted));
  if (years.length > 1 || wanted.chosen.year) {
    const summary = element("summary", {}, say("Narrow the list"));
    parts.push(element("details", {class: "filters"}, summary, narrowing(wanted, years)));
    document.getElementById("side").replaceChildren(narrowing(wanted, years));
  }
  const found = finder(phrases, index);
  const list = element("ol", {class: "list", start: first + 1}, ...shown.map((one) => item(one, found)));
  parts.push(shown.length ? list : nothing(wanted, phrases));
  if (pages > 1) parts.push(paging(wanted, page, pages));
  document.getElementById("results").replaceChildren(...parts);
}

show().catch((error) => {
  const why = document.getElementById("unreadable").content.cloneNode(true);
  document.getElementById("results").replaceChildren(element("p", {class: "empty"}, why, ` ${error.message}`));
});
