/* What a search of this site asks for, and which articles have it, by the index beside the site: script files, loaded as they are
   needed, so that it works from a folder as from any web server. How the index is written: crawler/publish/site/index.py. */
"use strict";

const AT_ONCE = 6; // pairs of characters whose lists are loaded at a time
const AROUND = 70; // characters shown on either side of what was found
const SUMMARY = 120; // characters shown where nothing was

const waiting = new Map();
window.citizenNews = (name, value) => waiting.get(name)(value);

function remembered(make) {
  const made = new Map();
  return (key) => {
    if (!made.has(key)) made.set(key, make(key));
    return made.get(key);
  };
}

const load = remembered(
  (name) =>
    new Promise((resolve, reject) => {
      waiting.set(name, resolve);
      const script = document.createElement("script");
      script.src = `search/${name}.js`;
      script.onerror = () => reject(new Error(`search/${name}.js`));
      document.head.append(script);
    }),
);

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

/* The terms of a phrase; first those that have every token of it, then those that bind them together. */
function termsOf(tokens) {
  if (tokens.length === 1) return tokens;
  const pairs = tokens.slice(1).map((token, at) => `${tokens[at]} ${token}`);
  const isFirst = (at) => at % 2 === 0 || at === pairs.length - 1;
  return [...pairs.filter((_, at) => isFirst(at)), ...pairs.filter((_, at) => !isFirst(at))];
}

/* Which articles a list of the index names: a byte for each article. */
function decoded(text, index, length) {
  const marks = new Uint8Array(length);
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

/* Of each character that has other spellings, simplified or traditional, all of them: crawler/publish/browse/variants.py. */
async function loadFamilies() {
  const families = (await load("spellings")).split(" ");
  return new Map(families.flatMap((family) => [...family].map((one) => [one, family])));
}

/* A text in the first of all its spellings. */
function folded(text, families) {
  return Array.from(text, (each) => String.fromCodePoint((families.get(each) ?? each).codePointAt(0))).join("");
}

function hash(term) {
  const [one, other = 0] = term.split(" ").map((token) => {
    let hashed = 0;
    for (const each of token) hashed = (hashed * 31 + each.codePointAt(0)) % 16777216;
    return hashed;
  });
  return (one * 31 + other * 32) % 16777216;
}

/* The articles that have a term, anywhere and in the title: as it is written, and in any spelling. */
async function having(term, index, families) {
  const wanted = folded(term, families);
  const rows = (await load(`t${hash(wanted) % index.files}`)).split("|").map((row) => row.split(","));
  const fitting = rows.filter(([name]) => name === term || (name.length === term.length && folded(name, families) === wanted));
  const marked = (some, column) =>
    some.map((row) => decoded(row[column], index, index.articles)).reduce(either, new Uint8Array(index.articles));
  const exact = fitting.filter(([name]) => name === term);
  return {exact: marked(exact, 1), any: marked(fitting, 1), exactTitle: marked(exact, 2), anyTitle: marked(fitting, 2)};
}

function either(marks, other) {
  for (let at = 0; at < marks.length; at += 1) marks[at] |= other[at];
  return marks;
}

function both(marks, other) {
  for (let at = 0; at < marks.length; at += 1) marks[at] &= other[at];
  return marks;
}

const placesOf = (marks) => [...marks.keys()].filter((place) => marks[place]);

/* The days that have articles, newest first, each with their number; those without a date are last. */
function daysOf(index) {
  const days = [];
  for (const [month, numbers] of index.days) {
    for (let at = 0; at < numbers.length; at += 2) {
      const day = month === "unknown" ? month : `${month}-${String(numbers[at]).padStart(2, "0")}`;
      days.push([day, numbers[at + 1]]);
    }
  }
  return days;
}

/* The articles of the days for which `fits` says so. */
function onDays(index, fits) {
  const marks = new Uint8Array(index.articles);
  let start = 0;
  for (const [day, count] of daysOf(index)) {
    if (fits(day)) marks.fill(1, start, start + count);
    start += count;
  }
  return marks;
}

const inPeriod = (period) => (day) => day === period || day.startsWith(`${period}-`);

/* A month or a year is all of its days, and no end leaves it open, as in crawler/publish/browse/catalogue.py. */
const isBetween = (since, until) => (day) => day !== "unknown" && day >= since && (!until || day <= `${until}~`);

function countByYear(marks, index) {
  const counts = new Map();
  let start = 0;
  for (const [day, count] of daysOf(index)) {
    const year = day.split("-")[0];
    const here = marks.subarray(start, start + count).reduce((sum, one) => sum + one, 0);
    counts.set(year, (counts.get(year) ?? 0) + here);
    start += count;
  }
  return [...counts].filter(([, count]) => count);
}

/* What is shown of the article at a place: [id, title, date, author, category, tags, text]. */
const rowAt = (place) => load(`${Math.floor(place / 1000)}/${place}`);

/* What finds each phrase in a text: as it is written, or in any spelling where there are families of characters. */
function finders(phrases, index, families) {
  const between = `(?:(?![${index.stops}])[^\\p{L}\\p{N}])*`;
  const spelt = (each) => (families?.has(each) ? `[${families.get(each)}]` : each);
  const pattern = (token) =>
    /^[0-9a-z]+$/.test(token) ? `(?<![0-9A-Za-z])${token}(?![0-9A-Za-z])` : Array.from(token, spelt).join(between);
  return phrases.map((tokens) => new RegExp(tokens.map(pattern).join(between), "giu"));
}

const anyOf = (patterns) => {
  const longest = patterns.map((pattern) => pattern.source).sort((one, other) => other.length - one.length);
  return new RegExp(longest.join("|"), "giu");
};

/* Whether an article has all phrases, each in one of its texts. */
function hasAll([, title, , author, category, tags, text], patterns, index) {
  const stops = new RegExp(`[${index.stops}]+`, "gu");
  const texts = [title, author, category, ...tags, text].map((one) => one.replace(stops, "\n").normalize("NFKC"));
  return patterns.every((pattern) => texts.some((one) => one.search(pattern) >= 0));
}

/* All articles that fit by the index: each of `exact`, `any`, `exactTitle`, `anyTitle` has a byte for each article. */
async function candidates(wanted, phrases, index, families) {
  const terms = [...new Set(phrases.flatMap(termsOf))];
  const facets = Object.entries(wanted.chosen).filter(([name]) => name !== "year");
  const named = facets.map(([name, value]) => having(`${name}=${encodeURIComponent(value)}`, index, new Map()));
  const found = {};
  for (const name of ["exact", "any", "exactTitle", "anyTitle"]) found[name] = new Uint8Array(index.articles).fill(1);
  for (const {any} of await Promise.all(named)) for (const marks of Object.values(found)) both(marks, any);
  for (let at = 0; at < terms.length; at += AT_ONCE) {
    if (at && placesOf(found.any).length <= index.page) break; // so few are looked through themselves
    const some = terms.slice(at, at + AT_ONCE).map((term) => having(term, index, families));
    for (const has of await Promise.all(some)) for (const [name, marks] of Object.entries(found)) both(marks, has[name]);
  }
  if (wanted.text && !terms.length) found.any.fill(0);
  return found;
}

/* The places of all articles that fit, in their order, and how many there are of each year. */
async function find(wanted, phrases, index, families) {
  const found = await candidates(wanted, phrases, index, families);
  const marks = wanted.exact ? found.exact : found.any;
  const few = placesOf(marks);
  if (phrases.length && few.length <= index.page) {
    // The index has pairs of characters; whether they stand together only the texts say.
    const patterns = finders(phrases, index, wanted.exact ? null : families);
    const rows = await Promise.all(few.map(rowAt));
    few.forEach((place, at) => {
      marks[place] = Number(hasAll(rows[at], patterns, index));
    });
  }
  if (wanted.since || wanted.until) both(marks, onDays(index, isBetween(wanted.since, wanted.until)));
  const years = countByYear(marks, index);
  const within = wanted.chosen.year ? both(onDays(index, inPeriod(wanted.chosen.year)), marks) : marks;
  const places = placesOf(within);
  if (wanted.sort === "oldest") {
    const dated = onDays(index, isBetween("", ""));
    return {places: [...places.filter((one) => dated[one]).reverse(), ...places.filter((one) => !dated[one])], years};
  }
  if (wanted.sort === "newest" || !phrases.length) return {places, years};
  const rank = (place) => (found.exact[place] ? 0 : 2) + (found.exactTitle[place] || (!found.exact[place] && found.anyTitle[place]) ? 0 : 1);
  const ranks = [[], [], [], []];
  for (const place of places) ranks[rank(place)].push(place);
  return {places: ranks.flat(), years};
}

/* A piece of a text around the first place that was found, or its beginning; the ends of lines are still in it. */
function excerpt(text, pattern) {
  const found = pattern ? new RegExp(pattern.source, "iu").exec(text) : null;
  if (!found) return text.length > SUMMARY ? `${text.slice(0, SUMMARY).trimEnd()}…` : text;
  const start = Math.max(0, found.index - AROUND / 2);
  const end = Math.min(text.length, found.index + found[0].length + AROUND);
  const piece = text.slice(start, end).replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, "").trim();
  return `${start ? `…${piece.replace(/^[。！？；，、：…\n]+/u, "")}` : piece}${end < text.length ? "…" : ""}`;
}

/* Bytes that are written with percent signs, as Python's unquote reads them. */
function unquoted(text) {
  const decoder = new TextDecoder("utf-8", {ignoreBOM: true});
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
    decoder.decode(Uint8Array.from(run.slice(1).split("%"), (byte) => parseInt(byte, 16))),
  );
}

/* The id of the article that an address of Citizen News names, 0 for none: as in crawler/hkcnews/urls.py. */
function articleId(address, index) {
  const found = new RegExp(index.article, "iu").exec(address);
  if (!found || found[1].length > String(index.highest).length) return 0;
  let rest = [...address.slice(found[0].length)].slice(0, 60).join("");
  if (!rest || "/?#".includes(rest[0])) return Number(found[1]);
  if (rest[0] < " ") return 0;
  for (let times = 0; times < 3; times += 1) rest = unquoted(rest);
  const [mark] = rest;
  const ends = (/[\p{P}\p{S}\p{Z}]/u.test(mark) && !index.goes_on.includes(mark)) || index.spaces.includes(mark);
  return ends ? Number(found[1]) : 0;
}

/* The id of the article that a reader's words name, 0 for none: as in crawler/publish/addresses.py; or that a page of a site
   like this one is of. */
function articleNamed(words, index) {
  const own = /(?:^|\/)article\/[0-9]+\/([0-9]{1,5})(?:-[0-9a-z-]+)?\.html(?:[?#]\S*)?$/.exec(words.trim());
  if (own) return Number(own[1]);
  let text = words.normalize("NFKC");
  for (let times = 0; times < 4; times += 1) {
    for (const found of text.matchAll(new RegExp(index.site, "giu"))) {
      const number = articleId(`https://${text.slice(found.index)}`, index);
      if (number) return number;
    }
    text = unquoted(text);
  }
  const here = new RegExp(`^(?:${index.here})$`, "i").exec(text.trim());
  return here && Number(here[1]) <= index.highest ? Number(here[1]) : 0;
}

/* The id that a reader typed, by itself (`174`, `#174`); 0 for none. */
function numberNamed(words, index) {
  const found = /^#?([0-9]+)$/.exec(words.trim());
  return found && Number(found[1]) <= index.highest ? Number(found[1]) : 0;
}
