"use strict";
// The table of services: searched, filtered, sorted, and shown a page at a time, so that its length costs nothing.
(() => {
  const PAGE = 100;
  // What is printed at once; more would be a book.
  const PRINTED = 5000;
  const [STATE, SERVICE, ACCOUNT, NAME, REGION, OUTCOME, WHY, HINT, BEFORE, AFTER, WAS, NOW, ROLL_OUT, CONNECTED] = Array(14).keys();
  const STATES = {
    "protected": ["today", "✓", "protected"],
    "other-defender": ["other", "◐", "another Defender"],
    "not-protected": ["none", "✕", "not protected"],
    "out-of-scope": ["out", "–", "not on Fargate"],
  };
  const ORDER = Object.keys(STATES);
  const element = (id) => document.getElementById(id);
  const services = JSON.parse(element("services").textContent);
  const collator = new Intl.Collator("en", { numeric: true });
  const heads = [...document.querySelectorAll(".services thead th")];
  const why = (row) => row[WHY].join(": ");
  const keys = [
    (row) => String(ORDER.indexOf(row[STATE])), (row) => row[SERVICE], (row) => row[NAME] + " " + row[ACCOUNT], (row) => row[REGION],
    (row) => row[OUTCOME], why, (row) => row[AFTER] || row[BEFORE], (row) => row[NOW] || row[WAS],
  ];
  let texts = null;
  let shown = services;
  let page = 0;
  let sorted = { column: -1, down: false };
  let place = null;

  // What a search looks through, made at the first one.
  const text = (index) => {
    texts ??= services.map((row) => row.flat().join("\u0001").toLowerCase());
    return texts[index];
  };

  const make = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const line = (row) => {
    const tr = make("tr");
    const [className, sign, label] = STATES[row[STATE]];
    const cell = (title, ...parts) => {
      const td = make("td");
      td.dataset.title = title;
      td.append(...parts.filter((part) => part !== ""));
      tr.append(td);
    };
    cell("State", make("span", sign + " " + label, "state " + className));
    const name = row[SERVICE].lastIndexOf("/") + 1;
    cell("Service", make("small", row[SERVICE].slice(0, name)), make("b", row[SERVICE].slice(name)));
    cell("Account", row[NAME] && make("span", row[NAME] + " ", "name"), make("span", row[ACCOUNT], "id"));
    cell("Region", row[REGION]);
    cell("Outcome", row[OUTCOME].replaceAll("-", " "), row[ROLL_OUT] && make("small", row[ROLL_OUT]));
    cell("Why", ...row[WHY].map((text) => make("span", text, "why")), row[HINT] && make("small", "Way out: " + row[HINT]));
    const moved = row[AFTER] && row[BEFORE] && row[AFTER] !== row[BEFORE];
    cell("Task definition", moved ? row[BEFORE] + " →\u00a0" + row[AFTER] : row[AFTER] || row[BEFORE]);
    const changed = row[WAS] && row[NOW] && row[WAS] !== row[NOW];
    cell("Defender", changed ? row[WAS] + " →\u00a0" + row[NOW] : row[NOW] || row[WAS] || "not known", row[CONNECTED] && make("small", row[CONNECTED]));
    return tr;
  };

  const fill = (from, to) => element("rows").replaceChildren(...shown.slice(from, to).map(line));

  const number = (count) => count.toLocaleString("en");

  const show = () => {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    fill(page * PAGE, (page + 1) * PAGE);
    const where = place ? " in " + place.account + ", " + place.region : "";
    element("found").textContent = number(shown.length) + " of " + number(services.length) + " services" + where;
    element("pages").hidden = pages === 1;
    element("page").textContent = "Page " + number(page + 1) + " of " + number(pages);
    element("back").disabled = page === 0;
    element("next").disabled = page === pages - 1;
    element("clear").hidden = shown.length === services.length;
  };

  const sort = () => {
    const { column, down } = sorted;
    heads.forEach((head, index) => head.setAttribute("aria-sort", index !== column ? "none" : down ? "descending" : "ascending"));
    if (column < 0) return;
    // Keys are made once each, not at every comparison.
    const keyed = shown.map((row) => [keys[column](row), row]);
    keyed.sort((one, other) => (down ? -1 : 1) * collator.compare(one[0], other[0]));
    shown = keyed.map(([, row]) => row);
  };

  const filter = () => {
    const words = element("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const [state, outcome] = [element("state").value, element("outcome").value];
    shown = services.filter((row, index) =>
      (!state || row[STATE] === state) && (!outcome || row[OUTCOME] === outcome) &&
      (!place || (row[ACCOUNT] === place.account && row[REGION] === place.region)) &&
      words.every((word) => text(index).includes(word)));
    page = 0;
    sort();
    show();
  };

  const reset = () => {
    element("search").value = element("state").value = element("outcome").value = "";
    place = null;
  };

  const toTable = () => {
    filter();
    element("table").scrollIntoView({ block: "start" });
    element("table").focus({ preventScroll: true });
  };

  let waiting = 0;
  element("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, services.length > 20000 ? 200 : 0);
  });
  element("filters").addEventListener("submit", (event) => event.preventDefault());
  element("state").addEventListener("change", filter);
  element("outcome").addEventListener("change", filter);
  element("clear").addEventListener("click", () => {
    reset();
    filter();
    element("search").focus();
  });
  for (const button of document.querySelectorAll(".tile")) {
    button.addEventListener("click", () => {
      reset();
      element("state").value = button.dataset.protection;
      toTable();
    });
  }
  document.querySelector(".matrix")?.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    reset();
    place = { account: button.dataset.account, region: button.dataset.region };
    toTable();
  });
  heads.forEach((head, index) => head.querySelector("button").addEventListener("click", () => {
    sorted = { column: index, down: sorted.column === index && !sorted.down };
    sort();
    page = 0;
    show();
  }));
  const turn = (by) => () => {
    page += by;
    show();
    element("table").scrollIntoView({ block: "start" });
  };
  element("back").addEventListener("click", turn(-1));
  element("next").addEventListener("click", turn(1));
  // Paper opens nothing.
  let closed = [];
  addEventListener("beforeprint", () => {
    fill(0, PRINTED);
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((details) => (details.open = true));
  });
  addEventListener("afterprint", () => {
    closed.forEach((details) => (details.open = false));
    show();
  });
  // A browser that goes back may have kept what was typed.
  filter();
})();
