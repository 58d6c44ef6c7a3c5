/*
 * The desk's keys and small conveniences. Every page works without this file: it only shortens the way.
 *
 * What a template says                    what this file makes of it
 * data-key="w"                            pressing the key clicks the element
 * data-rows, in it data-row               J and K go from row to row; each row's first link or button takes the focus
 * data-open="url" on a row                Enter on a row already chosen opens that page
 * data-enter="selector" beside it         or goes to what the peek holds of that, when there is any
 * data-escape                             Esc clicks the element (close, cancel)
 * data-confirm                            Ctrl+Enter clicks the element (the one that performs the action); while a
 *                                         preview is on its way, the click waits for it and goes on if it says the same
 * data-palette                            opens the dialog #palette in place of following the link
 * data-toggle (with aria-controls)        shows or hides the element it controls in place of following the link
 * data-combobox (with aria-controls)      arrows choose among the options of a listbox, Enter opens the chosen one
 * data-pick beside it                     a chosen option fills the field, and its number the hidden field before it
 * data-when="name=value|other"            is shown while the form's field of that name has one of those values
 * data-grows="name"                       the last row of a list of fields gets an empty one below it once it is begun
 * data-filter                             the combobox also filters its own options
 * data-keys-switch                        turns single-letter keys off and on
 * data-print                              shown where there are scripts; prints the page
 * data-once                               a form is sent once
 * data-guard                              what it holds cannot be used while something else is on its way there
 * data-focus on details                   opening it puts the focus into its first field
 * data-receipt, data-refusal              the answer to a deed: a page that holds one begins there
 *
 * Single keys never fire while somebody types, with a modifier held, or when they are turned off.
 */

const STORE = "desk.keys";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const seen = (element) => element !== null && element.checkVisibility() && !element.closest("[inert]");

/* ---- Single keys, which may be turned off (WCAG 2.1.4) ------------------------------ */

const keysAreOn = () => {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true; // storage is blocked: the default stands
  }
};

const showKeySwitch = () => {
  for (const button of all("[data-keys-switch]")) {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(keysAreOn()));
    const state = button.querySelector("[data-keys-state]");
    if (state) state.textContent = keysAreOn() ? button.dataset.on : button.dataset.off;
  }
};

const switchKeys = () => {
  try {
    localStorage.setItem(STORE, keysAreOn() ? "off" : "on");
  } catch {
    // nothing to remember it in
  }
  showKeySwitch();
};

const isTyping = (element) =>
  element instanceof HTMLElement &&
  (element.isContentEditable ||
    element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])"));

/* ---- Rows: J and K ------------------------------------------------------------------ */

const rowHandle = (row) => row.querySelector("a[href], button");

const chooseRow = (row) => {
  const handle = rowHandle(row);
  if (!handle) return;
  handle.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  // A list with a peek shows what stands in the row as soon as the row is reached.
  if (row.hasAttribute("data-open") && !row.classList.contains("is-chosen")) handle.click();
};

const moveRow = (step) => {
  const list = document.activeElement?.closest("[data-rows]") ?? all("[data-rows]").find(seen);
  if (!list) return false;
  const rows = all("[data-row]", list).filter(seen);
  if (rows.length === 0) return false;
  const focused = rows.findIndex((row) => row.contains(document.activeElement));
  const chosen = focused >= 0 ? focused : rows.findIndex((row) => row.classList.contains("is-chosen"));
  const next = chosen < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(chosen + step, 0), rows.length - 1);
  chooseRow(rows[next]);
  return true;
};

const markChosen = (row) => {
  for (const other of all("[data-row].is-chosen", row.closest("[data-rows]"))) {
    other.classList.remove("is-chosen");
    rowHandle(other)?.removeAttribute("aria-current");
  }
  row.classList.add("is-chosen");
  rowHandle(row)?.setAttribute("aria-current", "true");
};

const openRow = () => {
  const row = document.activeElement?.closest("[data-row][data-open].is-chosen");
  if (!row || document.activeElement !== rowHandle(row)) return false;
  const within = row.dataset.enter ? all(row.dataset.enter).find(seen) : undefined;
  if (within) {
    within.focus();
    return true;
  }
  window.location.assign(row.dataset.open);
  return true;
};

/* ---- Combobox: the search field and the palette ------------------------------------- */

const optionsOf = (field) => {
  const list = document.getElementById(field.getAttribute("aria-controls"));
  return list ? all("[role=option]", list).filter((option) => !option.hidden && option.checkVisibility()) : [];
};

const chooseOption = (field, option) => {
  for (const other of optionsOf(field)) other.setAttribute("aria-selected", String(other === option));
  if (option) {
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else {
    field.removeAttribute("aria-activedescendant");
  }
};

const chosenOption = (field) => optionsOf(field).find((option) => option.getAttribute("aria-selected") === "true");

const moveOption = (field, step) => {
  const options = optionsOf(field);
  if (options.length === 0) return;
  const at = options.indexOf(chosenOption(field));
  const next = at < 0 ? (step > 0 ? 0 : options.length - 1) : (at + step + options.length) % options.length;
  chooseOption(field, options[next]);
};

const closeOptions = (field) => {
  if (field.hasAttribute("data-filter")) return;
  document.getElementById(field.getAttribute("aria-controls"))?.replaceChildren();
  field.setAttribute("aria-expanded", "false");
  field.removeAttribute("aria-activedescendant");
};

/* ---- Fields that depend on others, and fields that find a record ---------------------- */

const showWhen = () => {
  for (const part of all("[data-when]")) {
    const [name, values] = part.dataset.when.split("=");
    const field = part.closest("form")?.elements.namedItem(name);
    part.hidden = Boolean(field) && !values.split("|").includes(field.value); // a group of radio buttons has a value, too
  }
};

// An empty row stands below the last one that was begun; the server takes as many as are numbered without a gap.
const grow = (list) => {
  const rows = all(".rows__row", list);
  const last = rows.at(-1);
  if (rows.length >= 50 || !all("input", last).some((field) => field.value.trim())) return;
  const next = last.cloneNode(true);
  for (const field of all("input, select", next)) {
    const name = field.name.replace(`${list.dataset.grows}-${rows.length - 1}-`, `${list.dataset.grows}-${rows.length}-`);
    field.name = name;
    field.id = `action-${name}`;
    field.setAttribute("aria-label", field.getAttribute("aria-label").replace(String(rows.length), String(rows.length + 1)));
    if (field.matches("input")) field.value = "";
  }
  last.after(next);
};

document.addEventListener("input", ({ target }) => {
  const list = target instanceof Element ? target.closest("[data-grows]") : null;
  if (list) grow(list);
});

const numberOf = (field) => field.parentElement.querySelector("[data-pick-number]");

const pick = (field, option) => {
  numberOf(field).value = option.dataset.number;
  field.value = option.dataset.said;
  closeOptions(field);
  field.dispatchEvent(new Event("change", { bubbles: true }));
};

// What is typed anew means nothing yet; this runs before anything is sent.
document.addEventListener("input", ({ target }) => {
  if (target instanceof Element && target.matches("[data-pick]")) numberOf(target).value = "";
}, true);

document.addEventListener("change", showWhen);

document.addEventListener("mousedown", (event) => {
  if (event.target instanceof Element && event.target.closest("[role=option][data-number]")) event.preventDefault();
});

document.addEventListener("focusout", ({ target }) => {
  if (target instanceof Element && target.matches("[data-pick]")) closeOptions(target);
});

const plain = (text) => text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();

/* Words in any order; one letter alone means the action with that key, which then stands chosen. */
const filterOptions = (field) => {
  const list = document.getElementById(field.getAttribute("aria-controls"));
  const asked = plain(field.value.trim());
  const words = asked.split(/\s+/).filter(Boolean);
  const byKey = asked.length === 1 ? list.querySelector(`[role=option][data-letter="${CSS.escape(asked)}"]`) : null;
  for (const option of all("[role=option]", list)) {
    const text = plain(option.textContent);
    option.hidden = option !== byKey && !words.every((word) => text.includes(word));
  }
  for (const group of all("[role=group]", list)) group.hidden = all("[role=option]", group).every((option) => option.hidden);
  const options = optionsOf(field);
  const none = list.querySelector("[data-none]");
  if (none) none.hidden = options.length > 0;
  chooseOption(field, byKey ?? (words.length > 0 ? options[0] : undefined));
};

const comboboxKey = (event, field) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    moveOption(field, event.key === "ArrowDown" ? 1 : -1);
    return true;
  }
  if (event.key === "Enter") {
    const option = chosenOption(field);
    if (!option) return field.hasAttribute("data-filter");
    option.click();
    return true;
  }
  if (event.key === "Escape" && !field.hasAttribute("data-filter") && optionsOf(field).length > 0) {
    closeOptions(field);
    return true;
  }
  return false;
};

/* ---- The palette -------------------------------------------------------------------- */

const openPalette = () => {
  const palette = document.getElementById("palette");
  if (!(palette instanceof HTMLDialogElement)) return false;
  if (palette.open) return true;
  const field = palette.querySelector("[data-filter]");
  palette.showModal(); // the browser gives the focus back on closing
  if (field) {
    field.value = "";
    filterOptions(field);
    field.focus();
  }
  return true;
};

/* ---- Clicks ------------------------------------------------------------------------- */

const toggle = (control) => {
  const target = document.getElementById(control.getAttribute("aria-controls"));
  if (!target) return false;
  const open = control.getAttribute("aria-expanded") !== "true";
  control.setAttribute("aria-expanded", String(open));
  target.hidden = !open;
  control.closest("[data-row]")?.classList.toggle("is-open", open);
  return true;
};

let pointed = false; // whether the row was chosen by hand: below a narrow list nobody sees what it brought

document.addEventListener("htmx:afterSettle", () => {
  const peek = pointed ? document.querySelector("[data-guard]") : null;
  pointed = false;
  if (peek && peek.getBoundingClientRect().top > window.innerHeight * 0.7) peek.scrollIntoView();
});

document.addEventListener("click", (event) => {
  const { target } = event;
  if (!(target instanceof Element)) return;
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;

  const switchButton = target.closest("[data-keys-switch]");
  if (switchButton) switchKeys();

  const summon = target.closest("[data-palette]");
  if (summon && openPalette()) event.preventDefault();

  const control = target.closest("[data-toggle]");
  if (control && toggle(control)) event.preventDefault();

  const option = target.closest("[role=option][data-number]");
  if (option) pick(option.closest(".pick").querySelector("[data-pick]"), option);

  if (target.closest("[data-print]")) window.print();

  const close = target.closest("dialog [data-close]");
  if (close) {
    event.preventDefault();
    close.closest("dialog").close();
  }
  if (target.matches("dialog[open]")) target.close(); // the backdrop belongs to the dialog itself

  const chosen = target.closest("[data-row][data-open]");
  if (chosen && target.closest("a, button") === rowHandle(chosen)) {
    markChosen(chosen);
    pointed = event.detail > 0;
  }

  for (const menu of all("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
  for (const field of all("[data-combobox]:not([data-filter])")) {
    if (!field.closest("form")?.contains(target)) closeOptions(field);
  }
});

// "toggle" does not bubble, so it is caught on its way down.
document.addEventListener("toggle", ({ target }) => {
  if (target instanceof HTMLDetailsElement && target.open && target.matches("[data-focus]")) {
    target.querySelector("textarea, input:not([type=hidden]), select")?.focus();
    target.scrollIntoView({ block: "nearest" }); // its button, too
  }
}, true);

/* ---- Confirming only what was seen --------------------------------------------------- */

const answers = new WeakMap(); // of a form with a preview: how often it changed, and up to which change the preview goes
const answersOf = (form) => answers.get(form) ?? answers.set(form, { changed: 0, asked: 0, shown: 0 }).get(form);
const waiting = new WeakMap(); // of a form to be confirmed as soon as its preview has come: what the last one said

for (const change of ["input", "change"]) {
  document.addEventListener(change, ({ target }) => {
    const form = target instanceof Element ? target.closest("form[hx-post]") : null;
    if (form) answersOf(form).changed += 1;
  }, true);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const { changed, shown } = answersOf(form);
  if (changed === shown || !window.htmx || !event.submitter?.matches("[data-confirm]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  waiting.set(form, document.getElementById("preview")?.innerText);
  window.htmx.trigger(form, "change");
});

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.elt.matches("form[hx-post]")) answersOf(detail.elt).asked = answersOf(detail.elt).changed;
});

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const form = detail.elt.closest("form[hx-post]");
  if (!form || detail.elt.id !== "preview") return;
  const state = answersOf(form);
  state.shown = state.asked;
  if (!waiting.has(form) || state.changed !== state.shown) return;
  const before = waiting.get(form);
  waiting.delete(form);
  // New figures are for a person to read first; a note typed to the end changes none.
  if (detail.elt.innerText === before) form.querySelector("[data-confirm]")?.click();
});

// What was wrong once is not said any longer than it is; what still is, the new answer names with a link to its field.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  const form = detail.elt.closest("form.open-action");
  if (!form || detail.elt.id !== "preview") return;
  for (const said of all(":scope > .say", form)) said.remove();
  for (const error of all(".usa-error-message[id]", form)) {
    const id = error.id.replace(/-error$/, "");
    if (detail.elt.querySelector(`a[href="#${CSS.escape(id)}"]`)) continue;
    error.remove();
    document.getElementById(id)?.removeAttribute("aria-invalid");
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sent === "yes") event.preventDefault();
  form.dataset.sent = "yes";
});

// A page brought back from the browser's memory may send its form again: the door knows the key and answers once.
window.addEventListener("pageshow", () => {
  for (const form of all("form[data-sent]")) delete form.dataset.sent;
});

/* ---- Keys --------------------------------------------------------------------------- */

// The nearest one decides: whoever writes why not, declines; the form around it would approve.
const confirmNear = (element) => {
  const form = element?.closest("form");
  for (let part = form ? element : null; part && part !== form.parentElement; part = part.parentElement) {
    const button = part.matches("[data-confirm]") ? part : part.querySelector("[data-confirm]");
    if (button) return button;
  }
  return null;
};

const confirmAction = () => {
  const within = confirmNear(document.activeElement);
  // Without a preview there is nothing to confirm yet: asking for it shows what is missing.
  const asks = document.activeElement?.closest("form.open-action")?.querySelector("button[name=step]");
  const button = within ?? asks ?? all("[data-confirm]").find(seen);
  if (!button || button.disabled) return false;
  button.click();
  return true;
};

const escape = () => {
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    return true;
  }
  // What is open closes before the page is left.
  const part = document.activeElement?.closest("details[open][data-focus]");
  if (part) {
    part.open = false;
    part.querySelector("summary").focus();
    return true;
  }
  const close = all(".open-action [data-escape]").find(seen) ?? all("[data-escape]").find(seen);
  if (!close) return false;
  close.click();
  return true;
};

// Whoever knows the form types on while it is on its way: "C", "7" means seven hundreds, not the seventh tab.
let ahead = null;

const typeAhead = (key) => {
  if (ahead === null || key.length !== 1) return false;
  ahead += key;
  return true;
};

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.requestConfig.verb === "get" && detail.target?.matches("#do, #decide")) ahead = "";
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.target?.matches("#do, #decide")) ahead = null;
});

const singleKey = (event) => {
  if (event.key === "/") {
    const field = document.getElementById("find");
    field?.focus();
    field?.select();
    return field !== null;
  }
  if (event.key === ".") {
    if (openPalette()) return true;
    const summon = all("[data-palette]").find(seen);
    summon?.click();
    return summon !== undefined;
  }
  const letter = event.key.toLowerCase();
  if (letter === "j" || letter === "k") return moveRow(letter === "j" ? 1 : -1);
  const target = all(`[data-key="${CSS.escape(letter)}"]`).find(seen);
  if (!target || target.disabled || target.getAttribute("aria-disabled") === "true") return false;
  target.click();
  return true;
};

const handled = (event) => {
  const command = event.ctrlKey || event.metaKey;
  if (command && !event.altKey && event.key.toLowerCase() === "k") return openPalette();
  if (command && event.key === "Enter") return confirmAction();
  const field = event.target instanceof Element ? event.target.closest("[data-combobox]") : null;
  if (field && !command && comboboxKey(event, field)) return true;
  if (document.querySelector("dialog[open]")) return false; // a dialog keeps its keys, Esc among them
  if (event.key === "Escape") return escape();
  if (command || event.altKey || isTyping(event.target)) return false;
  if (typeAhead(event.key)) return true;
  if (event.key === "Enter") return openRow();
  return event.key.length === 1 && keysAreOn() && singleKey(event);
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.repeat === true && event.key === "Enter") return;
  if (handled(event)) event.preventDefault();
});

document.addEventListener("input", (event) => {
  if (event.target instanceof Element && event.target.matches("[data-filter]")) filterOptions(event.target);
});

/* ---- Around htmx -------------------------------------------------------------------- */

// Between choosing a row and seeing it, "approve" would mean the row before: nothing there answers until it is replaced.
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target?.matches("[data-guard]")) detail.target.inert = true;
});

for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, ({ detail }) => {
    if (detail.target?.matches("[data-guard]") && detail.elt.href) window.location.assign(detail.elt.href);
  });
}

document.addEventListener("htmx:afterSwap", (event) => {
  const field = document.querySelector(`[data-combobox][aria-controls="${CSS.escape(event.target.id)}"]`);
  if (field) {
    field.setAttribute("aria-expanded", String(optionsOf(field).length > 0));
    // A list that comes anew while somebody walks it keeps the place where they are.
    const chosen = document.getElementById(field.getAttribute("aria-activedescendant") ?? "");
    chooseOption(field, chosen && event.target.contains(chosen) ? chosen : undefined);
    if (field.matches("[data-pick]") && document.activeElement !== field) closeOptions(field); // came too late
  }
});

// An action that opens in place starts with its first open question: a field, or the choice that stands in a group.
document.addEventListener("htmx:afterSettle", (event) => {
  showWhen();
  const first = event.target instanceof Element ? event.target.querySelector("[data-first]") : null;
  const field = first?.matches("fieldset") ? first.querySelector("input:checked") ?? first.querySelector("input") : first;
  field?.focus();
  if (!ahead || !field?.matches("textarea, input:not([type=checkbox], [type=radio], [type=date])")) return;
  field.value += ahead;
  ahead = null;
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// A refusal is an answer: show it where the answer was expected. So is the end of a session (401), but not among options.
document.addEventListener("htmx:beforeSwap", (event) => {
  const status = event.detail.xhr.status;
  if (status === 409 || status === 422 || (status === 401 && !event.detail.target.matches("[role=listbox]"))) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// After a deed the page begins anew: its answer is what comes next, for the eye, the reader's voice and the Tab key.
const answer = document.querySelector("[data-receipt], [data-refusal]");
if (answer && (document.activeElement === document.body || document.activeElement === null)) {
  answer.tabIndex = -1;
  answer.focus();
}

for (const button of all("[data-print]")) button.hidden = false;
showKeySwitch();
showWhen();
