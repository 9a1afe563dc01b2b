/* Shows what a search finds (query.js). Text goes into the page as text, never as HTML. */
"use strict";

const FACETS = {year: () => say("Year"), category: () => say("Section"), author: () => say("Byline"), tag: () => say("Tag")};

const PERIOD = /^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$/;

function wantedOf(search) {
  const given = new URLSearchParams(search);
  const names = Object.keys(FACETS).filter((name) => given.get(name));
  const chosen = Object.fromEntries(names.map((name) => [name, given.get(name)]));
  const typed = given.get("q") ?? "";
  const text = typed.slice(0, 200).trim();
  const page = /^[0-9]{1,6}$/.test(given.get("page") ?? "") ? Math.max(1, Number(given.get("page"))) : 1;
  const [since, until] = ["from", "to"].map((name) => (PERIOD.test(given.get(name) ?? "") ? given.get(name) : ""));
  const sort = ["newest", "oldest"].includes(given.get("sort")) ? given.get("sort") : "";
  const exact = given.get("exact") === "1";
  return {typed, text, chosen, since, until, sort, exact, page, alone: [...given].length === 1};
}

/* The arguments that ask for a list, without its page. */
function askedFor({text, chosen, since, until, exact, sort}) {
  const given = {q: text, ...chosen, from: since, to: until, exact: exact ? "1" : "", sort};
  return Object.entries(given).filter(([, value]) => value);
}

function addressOf(wanted) {
  const given = [...askedFor(wanted), ...(wanted.page > 1 ? [["page", wanted.page]] : [])];
  return `search.html?${new URLSearchParams(given)}`;
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

/* A text of one line or more, with what was sought marked: no word goes over the end of a line. */
function marked(text, sought) {
  const pieces = [];
  let end = 0;
  const line = (piece) => piece.replaceAll("\n", "");
  for (const found of sought ? text.matchAll(sought) : []) {
    pieces.push(line(text.slice(end, found.index)), element("mark", {}, line(found[0])));
    end = found.index + found[0].length;
  }
  return [...pieces, line(text.slice(end))];
}

function day(date) {
  if (!date) return say("Date unknown");
  const [year, month, number] = date.split("-").map(Number);
  const asked = {day: "numeric", month: "long", year: "numeric", timeZone: "UTC"};
  const english = new Date(`${date}T00:00Z`).toLocaleDateString("en-GB", asked);
  return element("time", {datetime: date}, bilingual(`${year}年${month}月${number}日`, english));
}

const articleFile = (id) => `article/${Math.floor(id / 1000)}/${id}.html`;

function item([id, title, date, author, category, tags, text], found) {
  const by = element("p", {class: "by"}, day(date));
  for (const one of [author, category]) if (one) by.append(element("span", {}, ...marked(one, found)));
  for (const tag of tags) if (found && tag.search(found) >= 0) by.append(element("span", {}, "#", ...marked(tag, found)));
  const head = element("h2", {}, element("a", {href: articleFile(id)}, ...(title ? marked(title, found) : [say("(untitled)")])));
  const words = marked(excerpt(text, found), found);
  return element("li", {}, element("article", {}, head, by, element("p", {class: "excerpt"}, ...words)));
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
  const always = addressOf({...wanted, since: "", until: "", page: 1});
  if (wanted.since || wanted.until)
    links.unshift(element("a", {class: "chip", href: always}, say("Dates"), `: ${wanted.since} – ${wanted.until} ✕`));
  const any = addressOf({...wanted, exact: false, page: 1});
  if (wanted.exact) links.push(element("a", {class: "chip", href: any}, say("These very characters"), " ✕"));
  return element("p", {class: "chips"}, ...links);
}

function orders(wanted) {
  const ways = [["", say("Best match")], ["newest", say("Newest")], ["oldest", say("Oldest")]];
  const links = ways.map(([sort, name]) => {
    const current = sort === wanted.sort ? {"aria-current": "true"} : {};
    return element("a", {href: addressOf({...wanted, sort, page: 1}), ...current}, name);
  });
  const exact = element("a", {href: addressOf({...wanted, exact: true, page: 1})}, say("These very characters"));
  return element("p", {class: "orders"}, say("Order"), " ", ...links, ...(wanted.exact ? [] : [exact]));
}

const hidden = ([name, value]) => element("input", {type: "hidden", name, value});

/* Narrows the list to some days, as in browse/list.html. */
function dates(wanted) {
  const others = askedFor({...wanted, since: "", until: ""}).map(hidden);
  const pattern = PERIOD.source.slice(1, -1);
  const field = (name, text, value, placeholder) => {
    const input = element("input", {name, value, placeholder, pattern, maxlength: 10, title: "2019, 2019-06, 2019-06-09"});
    return element("label", {}, text, " ", input);
  };
  const [from, to] = [field("from", say("From"), wanted.since, "2019-06"), field("to", say("To"), wanted.until, "2019-12")];
  const button = element("button", {type: "submit"}, say("Apply"));
  return element("form", {class: "narrowing", action: "search.html"}, ...others, element("p", {}, from, " ", to, " ", button));
}

/* The years of what was found, oldest first, as bars that narrow the list: as in browse/parts.html. */
function histogram(wanted, years) {
  const most = Math.max(...years.map(([, count]) => count));
  const bars = years.reverse().map(([year, count]) => {
    const mine = wanted.chosen.year === year;
    const chosen = mine ? without(wanted.chosen, "year") : {...wanted.chosen, year};
    const current = mine ? {class: "chosen", "aria-current": "true"} : {};
    const number = element("span", {class: "count"}, count.toLocaleString("en"));
    const bar = element("span", {class: `bar h${Math.ceil((count * 20) / most)}`, "aria-hidden": "true"});
    const href = addressOf({...wanted, chosen, page: 1});
    return element("li", {}, element("a", {href, ...current}, number, bar, element("span", {class: "value"}, label("year", year))));
  });
  const name = element("span", {class: "unseen", id: "years"}, say("Years"));
  return element("nav", {class: "histogram", "aria-labelledby": "years"}, name, element("ol", {}, ...bars));
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
  const told = wanted.text ? say("{words}: {n} article{s}", {words: wanted.text, n: total}) : say("{n} article{s}", {n: total});
  return element("h1", {class: "total"}, told);
}

/* The article that a reader's words name, and whether it has a page; a number alone may be a word. */
async function articleAsked(wanted, index) {
  const named = articleNamed(wanted.typed, index);
  const number = named || (wanted.alone ? numberNamed(wanted.typed, index) : 0);
  if (!number) return {number};
  const [length, here, missing] = await load("ids");
  const hasPage = Boolean(either(decoded(here, index, length), decoded(missing, index, length))[number]);
  return {number: named || hasPage ? number : 0, hasPage};
}

async function show() {
  const wanted = wantedOf(location.search);
  const form = document.querySelector("form.search");
  form.elements.q.value = wanted.text;
  form.append(...askedFor({...wanted, text: "", sort: ""}).map(hidden));
  if (wanted.text) {
    const title = document.querySelector("title");
    for (const language of ["zh", "en"]) title.dataset[language] = `${wanted.text} — ${title.dataset[language]}`;
    document.title = `${wanted.text} — ${document.title}`;
  }
  const index = await load("index");
  chinese = index.words;
  const {number, hasPage} = await articleAsked(wanted, index);
  if (!number) return results(wanted, index);
  if (hasPage) location.replace(articleFile(number));
  return hasPage ? [] : [element("p", {class: "empty"}, say("This article is not here"))];
}

async function results(wanted, index) {
  const phrases = phrasesOf(wanted.text, index);
  const families = phrases.length ? await loadFamilies() : new Map();
  const {places, years} = await find(wanted, phrases, index, families);
  const pages = Math.max(1, Math.ceil(places.length / index.page));
  const page = Math.min(wanted.page, pages);
  const first = (page - 1) * index.page;
  const shown = await Promise.all(places.slice(first, first + index.page).map(rowAt));
  const parts = [heading(wanted, places.length)];
  if (Object.keys(wanted.chosen).length || wanted.since || wanted.until || wanted.exact) parts.push(chips(wanted));
  if (years.length > 1 || wanted.chosen.year) parts.push(histogram(wanted, years));
  if (phrases.length && places.length > 1) parts.push(orders(wanted));
  if (places.length > 1 || wanted.since || wanted.until) parts.push(dates(wanted));
  const found = phrases.length ? anyOf(finders(phrases, index, wanted.exact ? null : families)) : null;
  const list = element("ol", {class: "list", start: first + 1}, ...shown.map((one) => item(one, found)));
  parts.push(shown.length ? list : nothing(wanted, phrases));
  if (pages > 1) parts.push(paging(wanted, page, pages));
  return parts;
}

const put = (parts) => document.getElementById("results").replaceChildren(...parts);

show().then(put, (error) => {
  const why = document.getElementById("unreadable").content.cloneNode(true);
  put([element("p", {class: "empty"}, why, ` ${error.message}`)]);
});
